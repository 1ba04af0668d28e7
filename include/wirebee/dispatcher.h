/* What libxdp's dispatcher is told of a program that shares a device with others (xdp/xdp_helpers.h). */
#ifndef WIREBEE_DISPATCHER_H
#define WIREBEE_DISPATCHER_H

#include <wirebee/macros.h>

#ifndef XDP_RUN_CONFIG
/* struct { __uint(priority, 10); __uint(XDP_PASS, 1); } XDP_RUN_CONFIG(program); */
#define XDP_RUN_CONFIG(program) ___bpf_apply(_, program) SEC(".xdp_run_config")
#define XDP_DEFAULT_RUN_PRIO 50
#define XDP_DEFAULT_CHAIN_CALL_ACTIONS (1 << XDP_PASS)
#endif

#endif
