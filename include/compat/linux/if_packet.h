#include <wirebee/packet-type.h>
