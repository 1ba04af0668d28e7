#include <wirebee/dispatcher.h>
