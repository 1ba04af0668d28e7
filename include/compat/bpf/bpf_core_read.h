#include <wirebee/core.h>
