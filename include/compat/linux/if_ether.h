#include <wirebee/net/ethernet.h>
