/* Loops whose number of rounds the verifier need not count: open-coded iterators, since Linux 6.4. */
#ifndef WIREBEE_LOOP_H
#define WIREBEE_LOOP_H

#include <wirebee/macros.h>

struct bpf_iter_num;

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __weak __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __weak __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __weak __ksym;

/* Storage of a struct bpf_iter_num, which older <linux/bpf.h> only forward declares. */
struct __wirebee_numbers {
	__u64 state[1];
} __attribute__((aligned(8)));

#define __wirebee_iterator(numbers) ((struct bpf_iter_num *)(numbers))

/* However the loop is left, this runs: the verifier wants every iterator destroyed. */
static __always_inline void __wirebee_numbers_end(struct __wirebee_numbers *numbers)
{
	bpf_iter_num_destroy(__wirebee_iterator(numbers));
}

#define __wirebee_numbers_for(start, end, step)                                                    \
	for (struct __wirebee_numbers ____numbers __attribute__((cleanup(__wirebee_numbers_end))), \
	     *____once __attribute__((unused)) =                                                   \
		     (bpf_iter_num_new(__wirebee_iterator(&____numbers), (start), (end)), NULL);   \
	     step;)

#ifndef bpf_for
/* i runs from start to end - 1; comparing it tells the verifier its bounds. */
#define bpf_for(i, start, end)                                                                     \
	__wirebee_numbers_for(start, end, ({                                                       \
		int *____next = bpf_iter_num_next(__wirebee_iterator(&____numbers));               \
		____next && ((i) = *____next, (i) >= (__typeof__(i))(start) &&                     \
						      (i) < (__typeof__(i))(end));                 \
	}))
#endif
#ifndef bpf_repeat
#define bpf_repeat(times)                                                                          \
	__wirebee_numbers_for(0, times, bpf_iter_num_next(__wirebee_iterator(&____numbers)))
#endif
#ifndef bpf_for_each
/* An iterator of any type: struct bpf_iter_TYPE with bpf_iter_TYPE_new, _next and _destroy. */
#define bpf_for_each(type, cur, ...)                                                               \
	for (struct bpf_iter_##type ____it                                                         \
	     __attribute__((aligned(8), cleanup(bpf_iter_##type##_destroy))),                      \
	     *____once __attribute__((unused)) = (bpf_iter_##type##_new(&____it, ##__VA_ARGS__),   \
						  /* Named here too: clang gives it no BTF for */  \
						  /* being named in an attribute alone. */         \
						  (void)bpf_iter_##type##_destroy, NULL);          \
	     ((cur) = bpf_iter_##type##_next(&____it));)
#endif

#endif
