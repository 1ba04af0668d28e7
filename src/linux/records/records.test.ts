import { setImmediate, setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { describeWith } from "../../../tests/needs.js";
import { KernelError, NotSupportedError } from "../../errors.js";
import { openUserKernel } from "../../user/index.js";
import { fixture } from "../fixtures/fixture.oracle.js";
import { expectNothingOpen } from "../fixtures/left-behind.oracle.js";
import { type LinuxObject, openLinuxKernel } from "../index.js";

const clang = "command clang|clang-19|clang-18|clang-17|clang-16|clang-15|clang-14";
const kinds = [
  ["ring", "to_ring"],
  ["perf", "to_perf"],
] as const;
const packet = new Uint8Array(60);

/** struct event: its number, and the packet's length. */
const eventOf = (record: Uint8Array) => [...new Uint32Array(record.slice(0, 8).buffer)];

async function withEvents(use: (object: LinuxObject) => Promise<void>): Promise<void> {
  await using kernel = openLinuxKernel();
  using object = await kernel.load(fixture("events"));
  await use(object);
}

async function take(records: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array[]> {
  const taken: Uint8Array[] = [];
  for await (const record of records) {
    taken.push(record);
    if (taken.length === count) break;
  }
  return taken;
}

describeWith(["bpf", clang], "records of Linux", () => {
  expectNothingOpen();

  test.each(kinds)("%s: records that wait, and records that are waited for", (map, program) =>
    withEvents(async (object) => {
      const run = () => object.program(program).run(packet);
      const records = object.records(map);
      run();
      run();
      const taking = take(records, 6);
      for (let i = 2; i < 6; i++) {
        // Each after whoever waits has begun to, by one way or another.
        await (i % 2 === 0 ? setImmediate() : setTimeout(5));
        run();
      }
      const taken = await taking;
      expect(taken.map(eventOf)).toEqual([0, 1, 2, 3, 4, 5].map((number) => [number, packet.length]));
    }),
  );

  test.each(kinds)("%s: many more than there is room for, taken as they come", (map, program) =>
    withEvents(async (object) => {
      const count = 3000;
      const taking = take(object.records(map), count);
      for (let i = 0; i < count; i++) {
        object.program(program).run(packet);
        if (i % 50 === 0) await setImmediate();
      }
      expect((await taking).map((record) => eventOf(record)[0])).toEqual(
        Array.from({ length: count }, (_, i) => i),
      );
      expect(object.globals.get("result")).toBe(0n);
    }),
  );

  test("ring: discarded records are not seen, and a record has its own length", () =>
    withEvents(async (object) => {
      object.program("to_ring").run(packet);
      const [record] = await take(object.records("ring"), 1);
      expect(record).toHaveLength(8);
    }));

  test.each(kinds)("%s: records are as long as in the user-space kernel", async (map, program) => {
    const spec = fixture("events");
    const lengths: number[] = [];
    await using user = openUserKernel();
    await using linux = openLinuxKernel();
    for (const kernel of [user, linux]) {
      using object = await kernel.load(spec);
      const taking = take(object.records(map), 1);
      await setImmediate();
      object.program(program).run(packet);
      lengths.push((await taking)[0].length);
    }
    expect(lengths).toEqual(map === "ring" ? [8, 8] : [12, 12]);
  });

  test("perf: what a full buffer drops is told", () =>
    withEvents(async (object) => {
      let lost = 0n;
      const records = object.records("perf", {
        onLost: (count) => {
          lost += count;
        },
      });
      const sent = 20_000;
      for (let i = 0; i < sent; i++) object.program("to_perf").run(packet);
      // The buffer tells of its loss with the first record that fits again.
      let seen = 0;
      for await (const _record of records) {
        seen++;
        if (lost === 0n) object.program("to_perf").run(packet);
        else break;
      }
      expect(lost).toBeGreaterThan(0n);
      expect(seen).toBeGreaterThan(1000);
      expect(seen + Number(lost)).toBeLessThanOrEqual(sent + seen);
    }));

  test.each(kinds)("%s: ends when it is aborted, before and while it waits", (map, program) =>
    withEvents(async (object) => {
      expect(await take(object.records(map, { signal: AbortSignal.abort() }), 1)).toEqual([]);
      const controller = new AbortController();
      const taking = take(object.records(map, { signal: controller.signal }), 2);
      object.program(program).run(packet);
      await setTimeout(20);
      controller.abort();
      expect(await taking).toHaveLength(1);
      // The next reader goes on from there.
      const next = object.records(map);
      object.program(program).run(packet);
      expect((await take(next, 1)).map((record) => eventOf(record)[0])).toEqual([1]);
    }),
  );

  test.each(kinds)("%s: ends when the object is closed", (map) =>
    withEvents(async (object) => {
      const taking = take(object.records(map), 1);
      await setTimeout(20);
      object.close();
      expect(await taking).toEqual([]);
    }),
  );

  test("perf: programs are told that nobody listens any more", () =>
    withEvents(async (object) => {
      const result = () => {
        object.program("to_perf").run(packet);
        return object.globals.get("result");
      };
      expect(result()).toBe(-2n);
      const records = object.records("perf");
      expect(result()).toBe(0n);
      await take(records, 1);
      expect(result()).toBe(-2n);
    }));

  test("perf: one reader at a time; ring: none for other maps", () =>
    withEvents(async (object) => {
      const first = object.records("perf");
      expect(() => object.records("perf")).toThrow(KernelError);
      await first.return(undefined);
      expect(() => object.records("plain")).toThrow(NotSupportedError);
    }));
});
