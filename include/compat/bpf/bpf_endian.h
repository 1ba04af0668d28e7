#include <wirebee/endian.h>
