/* What a BPF program has of <string.h>: what clang expands in place, for sizes that are constants. */
#ifndef WIREBEE_MEMORY_H
#define WIREBEE_MEMORY_H

#ifndef memcpy
#define memcpy(to, from, size) __builtin_memcpy((to), (from), (size))
#endif
#ifndef memmove
#define memmove(to, from, size) __builtin_memmove((to), (from), (size))
#endif
#ifndef memset
#define memset(to, byte, size) __builtin_memset((to), (byte), (size))
#endif
#ifndef memcmp
#define memcmp(one, other, size) __builtin_memcmp((one), (other), (size))
#endif

#endif
