#include <wirebee/gre-flags.h>
