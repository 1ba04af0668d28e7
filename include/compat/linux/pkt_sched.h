#include <wirebee/tc.h>
#include <wirebee/types.h>
