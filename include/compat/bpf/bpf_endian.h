#include <wirebee/types.h>
#include <wirebee/endian.h>
