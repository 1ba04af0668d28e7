#include <wirebee/memory.h>
