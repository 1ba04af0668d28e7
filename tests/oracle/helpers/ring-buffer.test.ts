import { expect, test } from "vitest";
import type { Kernel, LoadedObject } from "../../../src/kernel.js";
import { LinuxMap } from "../../../src/linux/linux-map.js";
import { libc } from "../../../src/linux/sys/libc.js";
import { UserRingBuffer } from "../../../src/maps/index.js";
import { assembledObject } from "../../../src/testing/index.js";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { useKernels } from "../kernels.js";
import { type Case, useAgreement } from "./agree.js";
import { call, helperObject, inBatches, packets } from "./programs.js";
import { samples } from "./samples.js";

const trial = { packets: packets(samples.udp4, samples.tcp6) };
const RING = 4096;
const ring = { name: "ring", type: MapType.Ringbuf, keySize: 0, valueSize: 0, maxEntries: RING };
const FLAGS = [0, 1, 2, 3, 4, 8, -1, 1n << 32n];

describeWith(["bpf"], "ring buffers and perf events in programs", () => {
  const agree = useAgreement();

  test("bpf_ringbuf_output and bpf_ringbuf_query", async () => {
    const data = { name: "data", type: MapType.Array, valueSize: 8192 };
    const queries = [0, 1, 2, 3, 4, 5, -1, 1n << 32n].map((flags) => call("ringbuf_query", "ring ll", flags));
    const output = (size: number, flags: number | bigint) =>
      call("ringbuf_output", "ring ll", "data[0]+0 ll", size, flags);
    const calls = [
      ...queries,
      ...FLAGS.flatMap((flags) => [output(1, flags), ...queries]),
      ...[0, 7, 8, 9, 15, 16, 4079, 4080, 4081, 4087, 4088, 4089, 4096, 8192].map((size) => output(size, 0)),
      ...queries,
      // Until it is full, and beyond.
      ...[1000, 1000, 1000, 1000, 1000, 100, 100, 100, 8, 8, 0, 0].map((size) => output(size, 0)),
      ...queries,
    ];
    await agree(
      inBatches(calls, { maps: [ring, data] }).map((object, at): Case => [`program ${at}`, object, trial]),
    );
  });

  test("records that are reserved: their room and their order", async () => {
    const reserve = (size: number | bigint, flags: number | bigint, end: string, at: number) => `
      ${call("ringbuf_reserve", "ring ll", size, flags)}
      r8 = r0
      r0 = 0
      if r8 == 0 goto +5
      *(u8 *)(r8 + 0) = 9
      r1 = r8
      r2 = ${at % 3}
      call ${end}
      r0 = 1
      *(u64 *)(r9 + ${8 + at * 16}) = r0
      ${call("ringbuf_query", "ring ll", 0)}
      *(u64 *)(r9 + ${16 + at * 16}) = r0`;
    const sizes = [1, 8, 100, 2000, 2100, 4080, 4081, 4088, 4089, 5000, 0x3fffffff];
    // What a program did not write in a record is whatever was there: only those of a byte are handed out.
    const plain = sizes.flatMap((size, n) => [
      reserve(size, 0, size === 1 ? "ringbuf_submit" : "ringbuf_discard", n * 2),
      reserve(1, 0, "ringbuf_submit", n * 2 + 1),
    ]);
    const flagged = FLAGS.map((flags, n) => reserve(1, flags, "ringbuf_submit", n));
    // The second is finished before the first: what a consumer sees waits for the first.
    const inOrder = `
      ${call("ringbuf_reserve", "ring ll", 16, 0)}
      if r0 == 0 goto full
      r8 = r0
      ${call("ringbuf_reserve", "ring ll", 16, 0)}
      if r0 == 0 goto one
      r1 = r0
      r2 = 1
      *(u64 *)(r1 + 0) = r2
      *(u64 *)(r1 + 8) = r2
      call ringbuf_submit
      ${call("ringbuf_query", "ring ll", 0)}
      *(u64 *)(r9 + 8) = r0
      ${call("ringbuf_query", "ring ll", 3)}
      *(u64 *)(r9 + 16) = r0
      one: r1 = r8
      r2 = 0
      call ringbuf_discard
      full: r0 = 5`;
    await agree(
      [plain.join("\n"), flagged.join("\n"), inOrder].map((body, at): Case => {
        return [`program ${at}`, helperObject(`${body}\nr0 = 0`, { maps: [ring] }), trial];
      }),
    );
  });

  test("records as dynptrs", async () => {
    const reserve = (size: number, flags: number | bigint, end: string, at: number) => `
      ${call("ringbuf_reserve_dynptr", "ring ll", size, flags, "r10 - 16")}
      *(u64 *)(r9 + ${8 + at * 32}) = r0
      ${call("kfunc#0", "r10 - 16", 0, Math.min(size, 4096), 5)}
      ${call("dynptr_write", "r10 - 16", 4, "r10 - 32", 8, 0)}
      *(u64 *)(r9 + ${16 + at * 32}) = r0
      ${call("dynptr_data", "r10 - 16", 0, 8)}
      if r0 == 0 goto +2
      *(u8 *)(r0 + 7) = 1
      r0 = 1
      *(u64 *)(r9 + ${24 + at * 32}) = r0
      r1 = r10
      r1 += -16
      r2 = ${at % 3}
      call ${end}
      ${call("ringbuf_query", "ring ll", 3)}
      *(u64 *)(r9 + ${32 + at * 32}) = r0`;
    const clear = "*(u64 *)(r10 - 32) = 7\n*(u64 *)(r10 - 24) = 0";
    const kfuncs = ["bpf_dynptr_memset"];
    const ends = ["ringbuf_submit_dynptr", "ringbuf_discard_dynptr"];
    const sizes = [0, 7, 8, 12, 16, 4081, 4088, 4089, 0xfffff7, 0xffffff, 0x1000000, 0x7fffffff];
    const bodies = [
      sizes.map((size, n) => reserve(size, 0, ends[n % 2], n)),
      FLAGS.map((flags, n) => reserve(16, flags, ends[n % 2], n)),
    ];
    await agree(
      bodies.map((body, at): Case => {
        return [
          `program ${at}`,
          helperObject([clear, ...body, "r0 = 0"].join("\n"), { maps: [ring], kfuncs }),
          trial,
        ];
      }),
    );
  });

  test.each([
    ["XDP", ProgramType.Xdp],
    ["TC", ProgramType.SchedCls],
  ])("bpf_perf_event_output, its indices and lengths: %s", async (_name, type) => {
    const events = { name: "events", type: MapType.PerfEventArray, valueSize: 4, maxEntries: 2 };
    const current = 0xffffffffn;
    const calls = [0n, 1n, 2n, 99n, current, current - 1n].flatMap((index) =>
      [0n, 1n, 14n, 62n, 63n, 200n, 0xfffffn, 0x100000n, 1n << 31n].map((length) =>
        call("perf_event_output", "r6", "events ll", index | (length << 32n), "r10 - 8", 8),
      ),
    );
    await agree(
      inBatches(calls, { type, maps: [events] }, "*(u64 *)(r10 - 8) = 0").map((object, at): Case => {
        return [`program ${at}`, object, trial];
      }),
    );
  });
});

interface UserRecord {
  readonly size: number;
  readonly isDiscarded?: boolean;
  readonly isBusy?: boolean;
}

const PROT_READ_WRITE = 3;
const BUSY = 0x80000000;
const DISCARD = 0x40000000;

/** Records that user space writes, in either kernel's map. */
function fill(object: LoadedObject, records: readonly UserRecord[]): void {
  const { raw } = object.map("requests");
  const bytes = (size: number) => Uint8Array.from({ length: size }, (_, n) => n + size);
  if (raw instanceof UserRingBuffer) {
    for (const { size, isDiscarded = false, isBusy = false } of records) {
      const record = raw.reserve(size);
      raw.host.arena.u8.set(bytes(size), record);
      if (!isBusy) raw.commit(record, isDiscarded);
    }
    return;
  }
  if (!(raw instanceof LinuxMap)) throw new Error("a map of neither kernel");
  // Pages of the consumer's position, the producer's, and the data.
  const c = libc();
  const page = c.pageSize();
  const memory = c.mmap(raw.fd, page + RING, PROT_READ_WRITE, page);
  try {
    const view = new DataView(memory.buffer);
    let position = 0;
    for (const { size, isDiscarded = false, isBusy = false } of records) {
      const word = size | (isDiscarded ? DISCARD : 0) | (isBusy ? BUSY : 0);
      view.setUint32(page + position, word >>> 0, true);
      new Uint8Array(memory.buffer).set(bytes(size), page + position + 8);
      position += Math.ceil((size + 8) / 8) * 8;
    }
    view.setBigUint64(0, BigInt(position), true);
  } finally {
    c.munmap(memory);
  }
}

describeWith(["bpf"], "bpf_user_ringbuf_drain", () => {
  const kernels = useKernels();
  const requests = {
    name: "requests",
    type: MapType.UserRingbuf,
    keySize: 0,
    valueSize: 0,
    maxEntries: RING,
  };

  /** Counts its calls in the results, and adds up what it reads; ends with the call number `last`. */
  const callback = (last: number, more = "") => `
    each: r6 = r1
    r7 = results[0]+0 ll
    r8 = *(u64 *)(r7 + 16)
    r8 += 1
    *(u64 *)(r7 + 16) = r8
    *(u64 *)(r10 - 16) = 0
    *(u64 *)(r10 - 8) = 0
    ${call("dynptr_read", "r10 - 16", 16, "r6", 0, 0)}
    r1 = *(u64 *)(r7 + 24)
    r1 ^= r0
    r2 = *(u64 *)(r10 - 16)
    r1 += r2
    r2 = *(u64 *)(r10 - 8)
    r1 += r2
    *(u64 *)(r7 + 24) = r1
    ${more}
    r0 = 0
    if r8 != ${last} goto +1
    r0 = 1
    exit`;

  async function results(
    kernel: Kernel,
    records: readonly UserRecord[],
    flags: number | bigint,
    functions: string,
  ) {
    const object = helperObject(
      `
      ${call("user_ringbuf_drain", "requests ll", "each ll", 0, flags)}
      *(u64 *)(r9 + 8) = r0
      ${call("user_ringbuf_drain", "requests ll", "each ll", 0, 0)}`,
      { maps: [requests] },
    );
    const [program] = object.programs;
    const code = `${program.code}\n${functions}`;
    const loaded = await kernel.load(assembledObject({ ...object, programs: [{ ...program, code }] }));
    try {
      fill(loaded, records);
      loaded.program("tried").run(new Uint8Array(64));
      const found = loaded.map("results").raw.lookupElem(new Uint8Array(4)) ?? new Uint8Array(0);
      return Array.from(new BigInt64Array(found.slice(0, 32).buffer));
    } finally {
      loaded.close();
    }
  }

  const plain = { size: 16 };
  const discarded = { size: 24, isDiscarded: true };
  const busy = { size: 8, isBusy: true };
  test.each<[string, UserRecord[], number | bigint, number]>([
    ["nothing", [], 0, 9],
    ["one record", [plain], 0, 9],
    ["records of all sizes", [0, 1, 7, 8, 15, 16, 17, 1000].map((size) => ({ size })), 0, 99],
    ["the whole ring", [{ size: RING - 8 }], 0, 9],
    ["one that ends the drain", [plain, plain, plain, plain], 0, 2],
    ["those that are discarded", [discarded, plain, discarded, discarded, plain], 0, 9],
    ["none but discarded ones", [discarded, discarded], 0, 9],
    ["one that is still written", [plain, busy, plain], 0, 9],
    ["one that is still written, first", [busy, plain], 0, 9],
    ["no wake-up", [plain, plain], 1, 9],
    ["a wake-up in any case", [plain, plain], 2, 9],
    ["both", [plain], 3, 9],
    ["flags that are unknown", [plain], 4, 9],
    ["flags beyond 32 bits", [plain], 1n << 32n, 9],
  ])("%s", async (_name, records, flags, last) => {
    const [user, linux] = kernels();
    const found = await results(linux, records, flags, callback(last));
    expect(await results(user, records, flags, callback(last))).toEqual(found);
  });

  test("a drain in a drain", async () => {
    const [user, linux] = kernels();
    const inner = `${call("user_ringbuf_drain", "requests ll", "inner ll", 0, 0)}\n*(u64 *)(r7 + 24) = r0`;
    const functions = `${callback(9, inner)}\ninner: r0 = 0\nexit`;
    const found = await results(linux, [plain, plain], 0, functions);
    expect(found.slice(1)).toEqual([2n, 2n, -16n]);
    expect(await results(user, [plain, plain], 0, functions)).toEqual(found);
  });
});
