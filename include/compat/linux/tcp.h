#include <wirebee/net/tcp.h>
