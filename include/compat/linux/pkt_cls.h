#include <wirebee/bpf.h>
