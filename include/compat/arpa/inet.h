#include <wirebee/byte-order.h>
#include <wirebee/net/in.h>
