#include <wirebee/net/icmpv6.h>
