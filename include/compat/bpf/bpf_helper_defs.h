#include <wirebee/helpers.h>
