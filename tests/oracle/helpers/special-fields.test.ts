import { expect, test } from "vitest";
import { testFolder } from "../../../src/compile/fixtures.oracle.js";
import { compile } from "../../../src/compile/index.js";
import { parseObject } from "../../../src/object/index.js";
import { assembledObject } from "../../../src/testing/index.js";
import { MapType } from "../../../src/uapi/index.js";
import { openUserKernel } from "../../../src/user/index.js";
import { describeWith } from "../../needs.js";
import { useAgreement } from "./agree.js";
import { call, helperObject, packets } from "./programs.js";
import { samples } from "./samples.js";

/** A field of a map's value whose type an assembled object cannot declare. */
const SOURCE = `
#include <wirebee/xdp.h>

struct bpf_res_spin_lock { __u32 value; } __attribute__((aligned(4)));
extern int bpf_res_spin_lock(struct bpf_res_spin_lock *lock) __ksym;
extern void bpf_res_spin_unlock(struct bpf_res_spin_lock *lock) __ksym;
extern int bpf_res_spin_lock_irqsave(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym;
extern void bpf_res_spin_unlock_irqrestore(struct bpf_res_spin_lock *lock, unsigned long *flags) __ksym;

struct guarded { struct bpf_res_spin_lock lock; __u32 before; __u64 count; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guarded);
} counts SEC(".maps");

SEC("xdp")
int tried(struct xdp_md *ctx)
{
	__u32 zero = 0;
	unsigned long flags;
	struct guarded *guarded = bpf_map_lookup_elem(&counts, &zero);
	if (!guarded)
		return XDP_ABORTED;
	if (bpf_res_spin_lock(&guarded->lock))
		return XDP_DROP;
	guarded->count += 5;
	bpf_res_spin_unlock(&guarded->lock);
	if (bpf_res_spin_lock_irqsave(&guarded->lock, &flags))
		return XDP_DROP;
	guarded->count *= 3;
	bpf_res_spin_unlock_irqrestore(&guarded->lock, &flags);
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
`;

describeWith(["bpf", "command clang"], "locks in map values", () => {
  const agree = useAgreement();
  const file = testFolder();

  test("resilient spin locks", async () => {
    const { object } = compile(file("fields.bpf.c", SOURCE), { cache: false });
    await agree([["fields", parseObject(object), { packets: packets(samples.udp4, samples.tcp6) }]]);
  });
});

// Programs get what a kptr may hold from kernel functions that the user-space kernel does not have.
describeWith([], "bpf_kptr_xchg", () => {
  test("gives what was there, and keeps what it is given", async () => {
    const places = { name: "places", type: MapType.Array, valueSize: 16 };
    const exchange = (value: number | string, at: number) =>
      `${call("kptr_xchg", "places[0]+8 ll", value)}\n*(u64 *)(r9 + ${at}) = r0`;
    const body = [exchange("77 ll", 8), exchange("0x123456789abcdef0 ll", 16), exchange(0, 24)].join("\n");
    await using kernel = openUserKernel({ memory: 1 << 24 });
    using object = await kernel.load(assembledObject(helperObject(body, { maps: [places] })));
    object.program("tried").run(new Uint8Array(64));
    const results = object.map("results").raw.lookupElem(new Uint8Array(4)) ?? new Uint8Array(32);
    expect([...new BigUint64Array(results.slice(8, 32).buffer)]).toEqual([0n, 77n, 0x123456789abcdef0n]);
  });
});
