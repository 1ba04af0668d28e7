import fc from "fast-check";
import { expect, test } from "vitest";
import { assembledObject, expectAgreement, type TrialPacket } from "../../../src/testing/index.js";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { useKernels } from "../kernels.js";
import { call, helperObject } from "./programs.js";

const RUNS = 150;
const SLOT = 40;
/** Dynptrs on the stack: of memory, of the packet, and a clone of either. */
const MEMORY = "r10 - 16";
const PACKET = "r10 - 32";
const CLONE = "r10 - 48";
const BYTES = "r10 - 96";
const BUFFER = "r10 - 160";
const MEMORY_SIZE = 300;

const KFUNCS = [
  "bpf_dynptr_adjust",
  "bpf_dynptr_size",
  "bpf_dynptr_is_null",
  "bpf_dynptr_is_rdonly",
  "bpf_dynptr_copy",
  "bpf_dynptr_memset",
  "bpf_dynptr_slice",
  "bpf_dynptr_slice_rdwr",
  "bpf_dynptr_clone",
  "bpf_dynptr_from_xdp",
  "bpf_dynptr_from_skb",
  "bpf_probe_read_kernel_dynptr",
  "bpf_probe_read_kernel_str_dynptr",
];
const kfunc = (name: string) => `kfunc#${KFUNCS.findIndex((each) => each.endsWith(`_${name}`))}`;

const which = fc.constantFrom(MEMORY, PACKET, CLONE);
const offset = fc.oneof(
  fc.integer({ min: 0, max: 320 }),
  fc.constantFrom(3500, 3700, 3735, 3736, 4096, 7600, 65535, 65536, -1),
);
const length = fc.oneof(fc.integer({ min: 0, max: 32 }), fc.constantFrom(0, 1, 32));
const span = fc.oneof(fc.integer({ min: 0, max: 400 }), fc.constantFrom(3000, 5000, 65536, -1));

/** The first eight bytes of what a call has given, and a write to one of them. */
const look = (mayWrite: boolean) => `
  r1 = 0
  if r0 == 0 goto +${mayWrite ? 3 : 1}
  r1 = *(u64 *)(r0 + 0)
  ${mayWrite ? "r2 = 77\n*(u8 *)(r0 + 1) = r2" : ""}
  r0 = r1`;

/** One step; `$` stands for the offset of its own results. */
const step = fc.oneof(
  fc
    .tuple(which, fc.integer({ min: 0, max: 64 }), span)
    .map(([a, from, to]) => call(kfunc("adjust"), a, from, to)),
  which.map((a) => call(kfunc("size"), a)),
  which.map((a) => `${call(kfunc("is_null"), a)}\nr0 &= 1`),
  which.map((a) => `${call(kfunc("is_rdonly"), a)}\nr0 &= 1`),
  fc
    .tuple(fc.constantFrom([MEMORY, PACKET], [PACKET, MEMORY], [MEMORY, MEMORY]), offset, offset, span)
    .map(([[a, b], at, from, size]) => call(kfunc("copy"), a, at, b, from, size)),
  // Within a packet from a place far away: of what overlaps, Linux copies what its memcpy happens to.
  fc
    .tuple(
      fc.integer({ min: 3300, max: 3530 }),
      fc.integer({ min: 7400, max: 7620 }),
      fc.integer({ min: 0, max: 600 }),
      fc.boolean(),
    )
    .map(([near, far, size, isBack]) =>
      call(kfunc("copy"), PACKET, isBack ? near : far, PACKET, isBack ? far : near, size),
    ),
  fc
    .tuple(which, offset, span, fc.integer({ min: 0, max: 255 }))
    .map(([a, at, size, byte]) => call(kfunc("memset"), a, at, size, byte)),
  fc
    .tuple(
      fc.constantFrom("slice", "slice_rdwr"),
      which,
      offset,
      fc.boolean(),
      fc.integer({ min: 8, max: 48 }),
    )
    .map(([name, a, at, hasBuffer, size]) => {
      const buffer = hasBuffer ? BUFFER : 0;
      return call(kfunc(name), a, at, buffer, size) + look(name === "slice_rdwr");
    }),
  fc
    .tuple(length, which, offset, fc.constantFrom(0, 1))
    .map(([size, a, at, flags]) => call("dynptr_read", "r9 + $", size, a, at, flags)),
  fc
    .tuple(which, offset, length, fc.constantFrom(0, 0, 0, 1, 2, 4))
    .map(([a, at, size, flags]) => call("dynptr_write", a, at, BYTES, size, flags)),
  // Of memory that is another's, kernels have other things: what is read ends within a map's value. Where
  // reading fails, Linux may leave anything at the place.
  fc
    .tuple(
      fc.constantFrom("read_kernel_dynptr", "kernel_str_dynptr"),
      which,
      offset,
      fc.nat({ max: MEMORY_SIZE }),
      fc.nat({ max: MEMORY_SIZE }),
      fc.constantFrom("", "", "", "0", "1 ll"),
    )
    .map(([name, a, at, from, size, nowhere]) => {
      const room = Math.min(size, MEMORY_SIZE - from);
      const place = nowhere || `source[0]+${Math.min(from, MEMORY_SIZE - 1)} ll`;
      // An int is returned: the upper half of r0 is whatever the compiler left there.
      return `${call(kfunc(name), a, at, room, place)}\nr0 <<= 32\nr0 s>>= 32`;
    }),
  fc
    .tuple(fc.constantFrom(MEMORY, CLONE), offset, fc.integer({ min: 8, max: 48 }))
    .map(([a, at, size]) => call("dynptr_data", a, at, size) + look(true)),
);

function bodyOf(steps: readonly string[], cloned: string, from: string, size: number): string {
  const fill = Array.from(
    { length: 14 },
    (_, i) => `r1 = ${i * 0x01010101}\n*(u64 *)(r10 - ${56 + i * 8}) = r1`,
  );
  const start = [
    "r1 = memory[0]+0 ll",
    `r2 = ${size}`,
    "r3 = 0",
    "r4 = r10",
    "r4 += -16",
    "call dynptr_from_mem",
    call(kfunc(from), "r6", 0, PACKET),
    call(kfunc("clone"), cloned, CLONE),
  ];
  const parts = steps.map((each, index) => {
    const at = 16 + index * SLOT;
    return `${each.replace("$", String(at + 8))}\n*(u64 *)(r9 + ${at}) = r0`;
  });
  return [...fill, ...start, ...parts].join("\n");
}

const bytes = (size: number, salt: number) =>
  Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8) * 7 + salt) & 0xff);

const xdpPacket: fc.Arbitrary<TrialPacket> = fc
  .tuple(
    fc.oneof(fc.integer({ min: 14, max: 300 }), fc.constantFrom(3519, 3520, 3521, 7616, 7700, 20000)),
    fc.nat(),
  )
  .map(([size, salt]) => ({ packet: bytes(size, salt) }));
const skbPacket: fc.Arbitrary<TrialPacket> = fc
  .tuple(fc.integer({ min: 60, max: 600 }), fc.nat())
  .map(([size, salt]) => {
    const packet = bytes(size, salt);
    packet.set([0x88, 0xb5], 12);
    return { packet };
  });

describeWith(["bpf"], "dynamic pointers", () => {
  const kernels = useKernels();

  test.each([
    ["XDP", ProgramType.Xdp, "from_xdp", xdpPacket],
    ["SCHED_CLS", ProgramType.SchedCls, "from_skb", skbPacket],
  ] as const)(`%s: ${RUNS} random sequences`, async (name, type, from, packet) => {
    const seed = seedOf(`dynptrs of ${name}`);
    const maps = ["memory", "source"].map((map) => ({
      name: map,
      type: MapType.Array,
      valueSize: MEMORY_SIZE,
    }));
    const contents = maps.map(({ name: map }, n) => {
      return { map, key: new Uint8Array(4), value: bytes(MEMORY_SIZE, 5 + n) };
    });
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 1, maxLength: 14 }),
        fc.constantFrom(MEMORY, PACKET),
        fc.constantFrom(0, 1, 64, MEMORY_SIZE),
        fc.array(packet, { minLength: 1, maxLength: 3 }),
        async (steps, cloned, size, packets) => {
          const body = bodyOf(steps, cloned, from, size);
          const object = assembledObject(
            helperObject(body, { type, maps, kfuncs: KFUNCS, hasFrags: type === ProgramType.Xdp }),
          );
          const result = await expectAgreement(kernels(), { object, packets, contents });
          compared += result.compared;
        },
      ),
      { numRuns: RUNS, seed },
    );
    expect(compared).toBeGreaterThanOrEqual(RUNS);
  });
});
