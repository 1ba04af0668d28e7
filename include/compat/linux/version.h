#include <wirebee/version.h>
