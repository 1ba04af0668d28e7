#include <wirebee/interface.h>
