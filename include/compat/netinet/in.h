#include <wirebee/net/in.h>
#include <wirebee/net/in6.h>
#include <wirebee/byte-order.h>
