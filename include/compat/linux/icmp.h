#include <wirebee/net/icmp.h>
