/* BPF's user-space API as far as packet programs see it (include/uapi/linux/bpf.h, pkt_cls.h). */
#ifndef WIREBEE_BPF_H
#define WIREBEE_BPF_H

#include <wirebee/types.h>

/*
 * The system's <linux/bpf.h> or a vmlinux.h that came first has all of this, each as its version of
 * Linux knows it. One that comes later finds its own guard set and adds nothing.
 */
#if !defined(_UAPI__LINUX_BPF_H__) && !defined(__LINUX_BPF_H__) && !defined(__VMLINUX_H__)
#define _UAPI__LINUX_BPF_H__
#define __LINUX_BPF_H__

#include <wirebee/bpf/context.h>
#include <wirebee/bpf/fields.h>
#include <wirebee/bpf/flags.h>
#include <wirebee/bpf/func-id.h>
#include <wirebee/bpf/maps.h>
#include <wirebee/bpf/network.h>
#include <wirebee/bpf/socket.h>
#endif

#include <wirebee/tc.h>

#endif
