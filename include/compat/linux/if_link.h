#include <wirebee/xdp-flags.h>
