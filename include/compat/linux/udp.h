#include <wirebee/net/udp.h>
