import { expect, test } from "vitest";
import {
  type AssembledProgram,
  assembledObject,
  compareKernels,
  expectAgreement,
} from "../../../src/testing/index.js";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { useKernels } from "../kernels.js";
import { choose, operationPackets, program } from "./operations.js";

const PACKETS = 60;
const RING_SIZE = 4096;

const output = (size: number, flags = 0) =>
  `r1 = ring ll\nr2 = r8\nr3 = ${size}\nr4 = ${flags}\ncall ringbuf_output\nr1 = 0\nr2 = 0`;

/** Reserves, fills in part, and submits (132) or discards (133). */
const reserve = (size: number, end: "submit" | "discard", flags = 0) => `
  r1 = ring ll
  r2 = ${size}
  r3 = 0
  call ringbuf_reserve
  if r0 == 0 goto missing
  r9 = r0
  r3 = *(u64 *)(r8 + 0)
  *(u64 *)(r9 + 0) = r3
  *(u64 *)(r9 + 8) = ${size}
  r1 = r9
  r2 = ${flags}
  call ringbuf_${end}
  r0 = 1
  goto out
  missing: r0 = 0
  out: r1 = 0`;

const query = (what: number) => `r1 = ring ll\nr2 = ${what}\ncall ringbuf_query\nr1 = 0\nr2 = 0`;

/** As many records as there is room for, and one more. */
const fill = (size: number) => `
  r9 = 0
  found: r1 = ring ll
  r2 = r8
  r3 = ${size}
  r4 = 0
  call ringbuf_output
  if r0 != 0 goto out
  r9 += 1
  if r9 < 1000 goto found
  out: r1 = r9
  r2 = 0`;

const perf = (flags: string, size: number) => `
  r1 = r7
  r2 = events ll
  r3 = ${flags}
  r4 = r8
  r5 = ${size}
  call perf_event_output`;

const CURRENT_CPU = "0xffffffff ll";
/** Flags whose high half says how many bytes of the packet are to follow. */
const withPacket = (bytes: number) => `0x${bytes.toString(16)}ffffffff ll`;

const PERF: readonly (readonly [name: string, flags: string, size: number])[] = [
  ["of 4 bytes", CURRENT_CPU, 4],
  ["of 12 bytes", CURRENT_CPU, 12],
  ["of 16 bytes", CURRENT_CPU, 16],
  ["of 7 bytes", CURRENT_CPU, 7],
  ["to CPU 0 by number", "0", 8],
  ["to a CPU that this is not", "1", 8],
  ["to a CPU that is not there", "77", 8],
  ["with 20 bytes of the packet", withPacket(20), 8],
  ["with all of the packet", withPacket(60), 8],
  ["with more than there is of the packet", withPacket(61), 8],
  ["with unknown flags", "0x1000000000000000 ll", 8],
];

/** The context stays in r7, and the two values on the stack are known. */
const around = (body: string) => `
  r7 = r1
  r8 = r10
  r8 += -16
  *(u64 *)(r8 + 0) = 0x1234567
  *(u64 *)(r8 + 8) = -2
  ${body}
  exit`;

describeWith(["bpf"], "records of programs on both kernels", () => {
  const kernels = useKernels();
  const seed = seedOf("records");
  const ring = { name: "ring", type: MapType.Ringbuf, keySize: 0, valueSize: 0, maxEntries: RING_SIZE };

  test("RINGBUF: output, reserve, submit, discard, query", async () => {
    const code = program(
      choose(
        output(16),
        output(3),
        output(16, 2),
        output(8, 77),
        reserve(16, "submit"),
        reserve(40, "submit", 2),
        reserve(24, "discard"),
        reserve(RING_SIZE, "submit"),
        query(0),
        query(1),
        query(2),
        query(3),
        query(9),
      ),
    );
    const packets = operationPackets(PACKETS, 50, 13, seed);
    const object = assembledObject({ programs: [{ name: "ring", code }], maps: [ring] });
    expect((await expectAgreement(kernels(), { object, packets })).compared).toBe(PACKETS);
  });

  test("RINGBUF: as much as there is room for", async () => {
    const packets = operationPackets(8, 5, 3, seed);
    const code = program(choose(fill(8), fill(13), output(8)));
    const object = assembledObject({ programs: [{ name: "full", code }], maps: [ring] });
    expect((await expectAgreement(kernels(), { object, packets })).compared).toBe(8);
  });

  for (const type of [ProgramType.Xdp, ProgramType.SchedCls]) {
    const hook = type === ProgramType.Xdp ? "XDP" : "TC";
    test.each(PERF)(`PERF_EVENT_ARRAY: ${hook}: a record %s`, async (_name, flags, size) => {
      const maps = [{ name: "events", type: MapType.PerfEventArray, valueSize: 4, maxEntries: 2 }];
      const programs: AssembledProgram[] = [{ name: "perf", type, code: around(perf(flags, size)) }];
      const packet = Uint8Array.from({ length: 60 }, (_, index) => index ^ 0x5a);
      const object = assembledObject({ programs, maps });
      const packets = [{ packet }, { packet }];
      expect((await expectAgreement(kernels(), { object, packets })).compared).toBe(2);
    });
  }

  test("a record that differs is told of, and is not where it is marked", async () => {
    const time = "call ktime_get_ns\n*(u64 *)(r8 + 0) = r0";
    const body = `${time}\nr1 = ring ll\nr2 = r8\nr3 = 16\nr4 = 0\ncall ringbuf_output`;
    const object = assembledObject({ programs: [{ name: "time", code: around(body) }], maps: [ring] });
    const packets = [{ packet: new Uint8Array(60) }];
    const { differences } = await compareKernels(kernels(), { object, packets });
    expect(differences.map(({ where }) => where)).toEqual(["records of ring, record 0"]);
    const incomparable = [{ what: "record", map: "ring", offset: 0, size: 8 }] as const;
    await expectAgreement(kernels(), { object, packets, incomparable });
  });
});
