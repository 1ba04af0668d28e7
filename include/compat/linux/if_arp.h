#include <wirebee/net/arp.h>
