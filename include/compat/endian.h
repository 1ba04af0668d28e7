#include <wirebee/byte-order.h>
