#include <wirebee/net/in6.h>
