#include <wirebee/macros.h>
