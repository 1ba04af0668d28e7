import { expect, test } from "vitest";
import { type AssembledMap, assembledObject, compareKernels } from "../../../src/testing/index.js";
import { MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { expectSame, useKernels } from "../kernels.js";
import { choose, operationPackets, program } from "./operations.js";

const PACKETS = 60;
const LOOPBACK = Uint8Array.of(1, 0, 0, 0);
const key = (n: number) => Uint8Array.of(n, 0, 0, 0);

/** bpf_redirect_map with the packet's first operand as key. */
const redirect = (flags: number) => `
  r1 = targets ll
  r2 = *(u64 *)(r8 + 0)
  r3 = ${flags}
  call redirect_map
  r1 = 0
  r2 = 0`;

const BROADCAST = 8;
const EXCLUDE_INGRESS = 16;

const MAPS: readonly (readonly [title: string, map: AssembledMap, isDevmap: boolean, filled: number[]])[] = [
  ["DEVMAP", { name: "targets", type: MapType.Devmap, valueSize: 4, maxEntries: 4 }, true, [0, 2]],
  ["DEVMAP with programs", { name: "targets", type: MapType.Devmap, valueSize: 8, maxEntries: 4 }, true, [1]],
  ["DEVMAP_HASH", { name: "targets", type: MapType.DevmapHash, valueSize: 4, maxEntries: 4 }, true, [3, 5]],
  ["CPUMAP", { name: "targets", type: MapType.Cpumap, valueSize: 4, maxEntries: 2 }, false, [0]],
  ["XSKMAP", { name: "targets", type: MapType.Xskmap, valueSize: 4, maxEntries: 4 }, false, []],
];

describeWith(["bpf"], "redirect maps in programs on both kernels", () => {
  const kernels = useKernels();
  const seed = seedOf("redirect programs");

  test.each(MAPS)("%s: what bpf_redirect_map returns", async (_title, map, isDevmap, filled) => {
    // The low bits are the verdict where the map has no such entry.
    const flags = [0, 1, 2, 3, ...(isDevmap ? [BROADCAST, BROADCAST | EXCLUDE_INGRESS, BROADCAST | 2] : [])];
    // bpf_redirect_map's flags beyond those are refused when it runs.
    const code = program(choose(...[...flags, 4, 64, 128].map(redirect)));
    const value = isDevmap ? [...LOOPBACK, ...new Uint8Array((map.valueSize ?? 4) - 4)] : [128, 0, 0, 0];
    const contents = filled.map((n) => ({ map: "targets", key: key(n), value: Uint8Array.from(value) }));
    const packets = operationPackets(PACKETS, 7, flags.length + 3, seed);
    const trial = { packets, contents };
    expect(await expectSame(kernels(), { programs: [{ name: "redirect", code }], maps: [map] }, trial)).toBe(
      PACKETS,
    );
  });

  test("a device that is not there cannot be in a DEVMAP", async () => {
    const object = assembledObject({
      programs: [{ name: "redirect", code: program(redirect(0)) }],
      maps: [{ name: "targets", type: MapType.Devmap, valueSize: 4 }],
    });
    const contents = [{ map: "targets", key: key(0), value: key(77) }];
    await expect(compareKernels(kernels(), { object, contents, packets: [] })).rejects.toThrow(/EINVAL/);
  });
});
