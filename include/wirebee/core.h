/*
 * Reading the running kernel's structures, whose layout is looked up in its BTF when the program is
 * loaded (CO-RE); the names are those of libbpf's bpf_core_read.h.
 */
#ifndef WIREBEE_CORE_H
#define WIREBEE_CORE_H

#include <wirebee/macros.h>

#ifndef __BPF_CORE_READ_H__
#define __BPF_CORE_READ_H__

/* What clang's built-ins ask of a field, a type and an enumerator. */
enum bpf_field_info_kind {
	BPF_FIELD_BYTE_OFFSET = 0,
	BPF_FIELD_BYTE_SIZE = 1,
	BPF_FIELD_EXISTS = 2,
	BPF_FIELD_SIGNED = 3,
	BPF_FIELD_LSHIFT_U64 = 4,
	BPF_FIELD_RSHIFT_U64 = 5,
};
enum bpf_type_id_kind {
	BPF_TYPE_ID_LOCAL = 0,
	BPF_TYPE_ID_TARGET = 1,
};
enum bpf_type_info_kind {
	BPF_TYPE_EXISTS = 0,
	BPF_TYPE_SIZE = 1,
	BPF_TYPE_MATCHES = 2,
};
enum bpf_enum_value_kind {
	BPF_ENUMVAL_EXISTS = 0,
	BPF_ENUMVAL_VALUE = 1,
};

/* A field, as p->field or as (type, field). */
#define __wirebee_field(...) ___bpf_apply(__wirebee_field, ___bpf_narg(__VA_ARGS__))(__VA_ARGS__)
#define __wirebee_field1(field) (field)
#define __wirebee_field2(type, field) (((__typeof__(type) *)0)->field)

#define bpf_core_field_exists(...)                                                                 \
	__builtin_preserve_field_info(__wirebee_field(__VA_ARGS__), BPF_FIELD_EXISTS)
#define bpf_core_field_size(...)                                                                   \
	__builtin_preserve_field_info(__wirebee_field(__VA_ARGS__), BPF_FIELD_BYTE_SIZE)
#define bpf_core_field_offset(...)                                                                 \
	__builtin_preserve_field_info(__wirebee_field(__VA_ARGS__), BPF_FIELD_BYTE_OFFSET)

#define bpf_core_type_id_local(type)                                                               \
	__builtin_btf_type_id(*(__typeof__(type) *)0, BPF_TYPE_ID_LOCAL)
#define bpf_core_type_id_kernel(type)                                                              \
	__builtin_btf_type_id(*(__typeof__(type) *)0, BPF_TYPE_ID_TARGET)
#define bpf_core_type_exists(type)                                                                 \
	__builtin_preserve_type_info(*(__typeof__(type) *)0, BPF_TYPE_EXISTS)
#define bpf_core_type_size(type)                                                                   \
	__builtin_preserve_type_info(*(__typeof__(type) *)0, BPF_TYPE_SIZE)
#define bpf_core_type_matches(type)                                                                \
	__builtin_preserve_type_info(*(__typeof__(type) *)0, BPF_TYPE_MATCHES)

#define bpf_core_enum_value_exists(type, value)                                                    \
	__builtin_preserve_enum_value(*(__typeof__(type) *)value, BPF_ENUMVAL_EXISTS)
#define bpf_core_enum_value(type, value)                                                           \
	__builtin_preserve_enum_value(*(__typeof__(type) *)value, BPF_ENUMVAL_VALUE)

/* Reads of `size` bytes, or of a string, from a pointer such as &task->comm. */
#define bpf_core_read(dst, size, src)                                                              \
	bpf_probe_read_kernel(dst, size, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user(dst, size, src)                                                         \
	bpf_probe_read_user(dst, size, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_str(dst, size, src)                                                          \
	bpf_probe_read_kernel_str(dst, size, (const void *)__builtin_preserve_access_index(src))
#define bpf_core_read_user_str(dst, size, src)                                                     \
	bpf_probe_read_user_str(dst, size, (const void *)__builtin_preserve_access_index(src))

extern void *bpf_rdonly_cast(const void *obj__ign, __u32 btf_id__k) __ksym __weak;
#define bpf_core_cast(pointer, type)                                                               \
	((__typeof__(type) *)bpf_rdonly_cast((pointer), bpf_core_type_id_kernel(type)))

/* A variable to read a field into is not const, even where the field is. */
#if __clang_major__ >= 19
#define __wirebee_typeof(expression) __typeof_unqual__(expression)
#else
#define __wirebee_typeof(expression) __typeof__(expression)
#endif

/*
 * p->a->b->c, each arrow a read of its own: `read` for the pointers on the way, `last` for the end.
 * The pointers of the levels have names of their own, since one is initialised by the next.
 */
#define __wirebee_step(read, p, a, n)                                                              \
	__wirebee_typeof((p)->a) ____p##n;                                                         \
	read((void *)&____p##n, sizeof(____p##n), &(p)->a)
#define __wirebee_into1(read, last, dst, p, a) last((void *)(dst), sizeof(*(dst)), &(p)->a)
#define __wirebee_into2(read, last, dst, p, a, b)                                                  \
	({                                                                                         \
		__wirebee_step(read, p, a, 2);                                                     \
		__wirebee_into1(read, last, dst, ____p2, b);                                       \
	})
#define __wirebee_into3(read, last, dst, p, a, b, c)                                               \
	({                                                                                         \
		__wirebee_step(read, p, a, 3);                                                     \
		__wirebee_into2(read, last, dst, ____p3, b, c);                                    \
	})
#define __wirebee_into4(read, last, dst, p, a, b, c, d)                                            \
	({                                                                                         \
		__wirebee_step(read, p, a, 4);                                                     \
		__wirebee_into3(read, last, dst, ____p4, b, c, d);                                 \
	})
#define __wirebee_into5(read, last, dst, p, a, b, c, d, e)                                         \
	({                                                                                         \
		__wirebee_step(read, p, a, 5);                                                     \
		__wirebee_into4(read, last, dst, ____p5, b, c, d, e);                              \
	})
#define __wirebee_into6(read, last, dst, p, a, b, c, d, e, f)                                      \
	({                                                                                         \
		__wirebee_step(read, p, a, 6);                                                     \
		__wirebee_into5(read, last, dst, ____p6, b, c, d, e, f);                           \
	})
#define __wirebee_into7(read, last, dst, p, a, b, c, d, e, f, g)                                   \
	({                                                                                         \
		__wirebee_step(read, p, a, 7);                                                     \
		__wirebee_into6(read, last, dst, ____p7, b, c, d, e, f, g);                        \
	})
#define __wirebee_into8(read, last, dst, p, a, b, c, d, e, f, g, h)                                \
	({                                                                                         \
		__wirebee_step(read, p, a, 8);                                                     \
		__wirebee_into7(read, last, dst, ____p8, b, c, d, e, f, g, h);                     \
	})
#define __wirebee_into9(read, last, dst, p, a, b, c, d, e, f, g, h, i)                             \
	({                                                                                         \
		__wirebee_step(read, p, a, 9);                                                     \
		__wirebee_into8(read, last, dst, ____p9, b, c, d, e, f, g, h, i);                  \
	})
#define __wirebee_into(read, last, dst, p, ...)                                                    \
	___bpf_apply(__wirebee_into, ___bpf_narg(__VA_ARGS__))(read, last, dst, p, __VA_ARGS__)

#define BPF_CORE_READ_INTO(dst, p, ...)                                                            \
	__wirebee_into(bpf_core_read, bpf_core_read, dst, p, __VA_ARGS__)
#define BPF_CORE_READ_USER_INTO(dst, p, ...)                                                       \
	__wirebee_into(bpf_core_read_user, bpf_core_read_user, dst, p, __VA_ARGS__)
#define BPF_CORE_READ_STR_INTO(dst, p, ...)                                                        \
	__wirebee_into(bpf_core_read, bpf_core_read_str, dst, p, __VA_ARGS__)
#define BPF_CORE_READ_USER_STR_INTO(dst, p, ...)                                                   \
	__wirebee_into(bpf_core_read_user, bpf_core_read_user_str, dst, p, __VA_ARGS__)

/* The same without CO-RE: the layout is the one that was compiled. */
#define BPF_PROBE_READ_INTO(dst, p, ...)                                                           \
	__wirebee_into(bpf_probe_read_kernel, bpf_probe_read_kernel, dst, p, __VA_ARGS__)
#define BPF_PROBE_READ_USER_INTO(dst, p, ...)                                                      \
	__wirebee_into(bpf_probe_read_user, bpf_probe_read_user, dst, p, __VA_ARGS__)
#define BPF_PROBE_READ_STR_INTO(dst, p, ...)                                                       \
	__wirebee_into(bpf_probe_read_kernel, bpf_probe_read_kernel_str, dst, p, __VA_ARGS__)
#define BPF_PROBE_READ_USER_STR_INTO(dst, p, ...)                                                  \
	__wirebee_into(bpf_probe_read_user, bpf_probe_read_user_str, dst, p, __VA_ARGS__)

/* p->a->b->c as an expression, for its type. */
#define __wirebee_arrow(p, ...)                                                                    \
	___bpf_apply(__wirebee_arrow, ___bpf_narg(__VA_ARGS__))(p, __VA_ARGS__)
#define __wirebee_arrow1(p, a) (p)->a
#define __wirebee_arrow2(p, a, b) (p)->a->b
#define __wirebee_arrow3(p, a, b, c) (p)->a->b->c
#define __wirebee_arrow4(p, a, b, c, d) (p)->a->b->c->d
#define __wirebee_arrow5(p, a, b, c, d, e) (p)->a->b->c->d->e
#define __wirebee_arrow6(p, a, b, c, d, e, f) (p)->a->b->c->d->e->f
#define __wirebee_arrow7(p, a, b, c, d, e, f, g) (p)->a->b->c->d->e->f->g
#define __wirebee_arrow8(p, a, b, c, d, e, f, g, h) (p)->a->b->c->d->e->f->g->h
#define __wirebee_arrow9(p, a, b, c, d, e, f, g, h, i) (p)->a->b->c->d->e->f->g->h->i

#define __wirebee_value(into, p, ...)                                                              \
	({                                                                                         \
		__wirebee_typeof(__wirebee_arrow(p, __VA_ARGS__)) ____value;                       \
		into(&____value, p, __VA_ARGS__);                                                  \
		____value;                                                                         \
	})
#define BPF_CORE_READ(p, ...) __wirebee_value(BPF_CORE_READ_INTO, p, __VA_ARGS__)
#define BPF_CORE_READ_USER(p, ...) __wirebee_value(BPF_CORE_READ_USER_INTO, p, __VA_ARGS__)
#define BPF_PROBE_READ(p, ...) __wirebee_value(BPF_PROBE_READ_INTO, p, __VA_ARGS__)
#define BPF_PROBE_READ_USER(p, ...) __wirebee_value(BPF_PROBE_READ_USER_INTO, p, __VA_ARGS__)

/* Bit fields: the bytes that hold one as a u64, shifted up to drop what is above it, then down. */
#define __wirebee_info(p, field, what) __builtin_preserve_field_info((p)->field, BPF_FIELD_##what)
#define __wirebee_bits(p, field, bits)                                                             \
	({                                                                                         \
		__u64 ____bits = (bits) << __wirebee_info(p, field, LSHIFT_U64);                   \
		__wirebee_info(p, field, SIGNED) ?                                                 \
			(__u64)((__s64)____bits >> __wirebee_info(p, field, RSHIFT_U64)) :         \
			____bits >> __wirebee_info(p, field, RSHIFT_U64);                          \
	})
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define __wirebee_low_bytes(bits, size) ((void *)&(bits))
#else
#define __wirebee_low_bytes(bits, size) ((void *)&(bits) + sizeof(bits) - (size))
#endif

#define BPF_CORE_READ_BITFIELD_PROBED(p, field)                                                    \
	({                                                                                         \
		__u64 ____read = 0;                                                                \
		bpf_probe_read_kernel(                                                             \
			__wirebee_low_bytes(____read, __wirebee_info(p, field, BYTE_SIZE)),        \
			__wirebee_info(p, field, BYTE_SIZE),                                       \
			(const void *)(p) + __wirebee_info(p, field, BYTE_OFFSET));                \
		__wirebee_bits(p, field, ____read);                                                \
	})
#define BPF_CORE_READ_BITFIELD(p, field)                                                           \
	({                                                                                         \
		const void *____at = (const void *)(p) + __wirebee_info(p, field, BYTE_OFFSET);    \
		__u64 ____read = 0;                                                                \
		barrier_var(____at);                                                               \
		switch (__wirebee_info(p, field, BYTE_SIZE)) {                                     \
		case 1:                                                                            \
			____read = *(const __u8 *)____at;                                          \
			break;                                                                     \
		case 2:                                                                            \
			____read = *(const __u16 *)____at;                                         \
			break;                                                                     \
		case 4:                                                                            \
			____read = *(const __u32 *)____at;                                         \
			break;                                                                     \
		case 8:                                                                            \
			____read = *(const __u64 *)____at;                                         \
			break;                                                                     \
		}                                                                                  \
		__wirebee_bits(p, field, ____read);                                                \
	})

#endif

#endif
