#include <wirebee/types.h>
