#include <wirebee/tracing.h>
