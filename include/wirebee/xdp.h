/* Everything that an XDP or TC program needs: clang alone compiles it. */
#ifndef WIREBEE_XDP_H
#define WIREBEE_XDP_H

#include <wirebee/bpf.h>
#include <wirebee/checksum.h>
#include <wirebee/endian.h>
#include <wirebee/kfuncs.h>
#include <wirebee/macros.h>
#include <wirebee/net.h>
#include <wirebee/parse.h>

#endif
