#include <wirebee/net/ipv4.h>
