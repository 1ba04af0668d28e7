import { expect, test } from "vitest";
import type { Kernel, LoadedObject } from "../../../src/kernel.js";
import { assembledObject } from "../../../src/testing/index.js";
import { MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { useKernels } from "../kernels.js";
import { call, helperObject } from "./programs.js";

/** The secret is another one in each kernel: what can be compared is all but the cookies themselves. */
const FAMILIES = [
  { name: "ipv4", size: 20, addresses: 12 },
  { name: "ipv6", size: 40, addresses: 8 },
];
const TCP_AT = 40;
const HEADER = 60;

interface Segment {
  readonly sequence: number;
  readonly acknowledgement?: number;
  /** Header length in the header, 32-bit words. */
  readonly words?: number;
  readonly options?: readonly number[];
  readonly port?: number;
}

describeWith(["bpf"], "SYN cookies without a socket", () => {
  const kernels = useKernels();

  /** Runs one of the helpers on headers that stand in a map. */
  function runner(object: LoadedObject, family: (typeof FAMILIES)[number]) {
    return (segment: Segment): bigint => {
      const { sequence, acknowledgement = 0, words = 5, options = [], port = 80 } = segment;
      const value = new Uint8Array(TCP_AT + HEADER);
      const view = new DataView(value.buffer);
      value[0] = family.size === 20 ? 0x45 : 0x60;
      value.set([10, 1, 0, 1, 10, 2, 0, 2], family.addresses);
      view.setUint16(TCP_AT, 1000);
      view.setUint16(TCP_AT + 2, port);
      view.setUint32(TCP_AT + 4, sequence);
      view.setUint32(TCP_AT + 8, acknowledgement);
      value[TCP_AT + 12] = words << 4;
      value.set(options, TCP_AT + 20);
      object.map("headers").raw.updateElem(new Uint8Array(4), value);
      object.program("tried").run(new Uint8Array(64));
      const found = object.map("results").raw.lookupElem(new Uint8Array(4)) ?? new Uint8Array(8);
      return new DataView(found.buffer, found.byteOffset).getBigInt64(0, true);
    };
  }

  const headers = { name: "headers", type: MapType.Array, valueSize: TCP_AT + HEADER };
  async function load(kernel: Kernel, family: (typeof FAMILIES)[number], body: string) {
    const object = await kernel.load(assembledObject(helperObject(body, { maps: [headers] })));
    return { object, run: runner(object, family) };
  }
  const generateWith = (name: string, length: number) =>
    call(`tcp_raw_gen_syncookie_${name}`, "headers[0]+0 ll", `headers[0]+${TCP_AT} ll`, length);
  const checkWith = (name: string) =>
    call(`tcp_raw_check_syncookie_${name}`, "headers[0]+0 ll", `headers[0]+${TCP_AT} ll`);

  test.each(FAMILIES)("$name: the segment size, and lengths that do not fit", async (family) => {
    const mss = (value: number) => [2, 4, value >> 8, value & 0xff];
    const options: readonly (readonly number[])[] = [
      ...[
        0, 1, 535, 536, 537, 1219, 1220, 1299, 1300, 1419, 1420, 1439, 1440, 1459, 1460, 8939, 8940, 65535,
      ].map(mss),
      [1, 1, 1, ...mss(1460)],
      [0, ...mss(1460)],
      [2, 3, 5, ...mss(1460)],
      [2, 0, ...mss(1460)],
      [8, 10, 0, 0, 0, 0, 0, 0, 0, 0, ...mss(1440)],
      [...mss(1300), ...mss(1460)],
      [...mss(1460), ...mss(0)],
      [4, 2, 3],
      [8, 40, ...mss(1460)],
      [],
    ];
    const found: string[][] = [];
    for (const kernel of kernels()) {
      const answers: string[] = [];
      for (const length of [0, 19, 20, 24, 28, 40, 60]) {
        const { object, run } = await load(kernel, family, generateWith(family.name, length));
        try {
          for (const each of options)
            for (const words of [0, 4, 5, 6, 7, 10, 15]) {
              const cookie = run({ sequence: 77, words, options: each });
              answers.push(`${length} ${words} ${each}: ${cookie < 0n ? cookie : cookie >> 32n}`);
            }
        } finally {
          object.close();
        }
      }
      found.push(answers);
    }
    expect(found[0]).toEqual(found[1]);
    expect(new Set(found[1].map((each) => each.split(": ")[1])).size).toBe(5);
  });

  test.each(FAMILIES)("$name: a cookie is one of the kernel's own, of one connection", async (family) => {
    for (const kernel of kernels()) {
      const generator = await load(kernel, family, generateWith(family.name, 20));
      const checker = await load(kernel, family, checkWith(family.name));
      try {
        for (const sequence of [0, 1, 77, 0x7fffffff, 0xffffffff]) {
          const cookie = Number(generator.run({ sequence }) & 0xffffffffn);
          const confirmed: Segment = {
            sequence: (sequence + 1) >>> 0,
            acknowledgement: (cookie + 1) >>> 0,
          };
          expect(checker.run(confirmed), `${kernel.name} ${sequence}`).toBe(0n);
          const wrong: readonly Segment[] = [
            // Two bits of the number are data: what is off by little may be another cookie.
            { ...confirmed, sequence: (sequence ^ 0x8000) >>> 0 },
            { ...confirmed, acknowledgement: (cookie ^ 0x8000) >>> 0 },
            { ...confirmed, acknowledgement: (cookie + 0x0100_0001) >>> 0 },
            { ...confirmed, port: 81 },
          ];
          for (const each of wrong) expect(checker.run(each), `${kernel.name} ${sequence}`).toBe(-13n);
        }
      } finally {
        generator.object.close();
        checker.object.close();
      }
    }
  });
});
