#include <wirebee/net/in.h>
