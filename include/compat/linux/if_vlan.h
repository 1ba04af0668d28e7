#include <wirebee/net/vlan.h>
