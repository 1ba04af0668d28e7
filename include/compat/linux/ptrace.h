#include <wirebee/registers.h>
