#include <wirebee/errno.h>
