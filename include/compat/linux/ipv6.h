#include <wirebee/net/ipv6.h>
