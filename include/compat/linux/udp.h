#include <wirebee/net.h>
