import { describe, expect, test } from "vitest";
import { KernelError, NotSupportedError, SyntaxProblem, VerifierError } from "../errors.js";
import { type AssembledObject, assembledObject } from "../testing/index.js";
import { MapType, ProgramType, XdpAction } from "../uapi/index.js";
import { ManualClock, openUserKernel, type UserKernelOptions } from "./index.js";

const frame = new Uint8Array(60);

async function loaded(object: AssembledObject, options: UserKernelOptions = {}) {
  const kernel = openUserKernel(options);
  return { kernel, object: await kernel.load(assembledObject(object)) };
}

const pass = { name: "pass", code: "r0 = 2; exit".replace("; ", "\n") };
const counter = { name: "counts", type: MapType.Array };
const counting = `
  r1 = counts[0]+0 ll
  r2 = 1
  lock *(u64 *)(r1 + 0) += r2
  r0 = 1
  exit`;

describe("the user-space kernel", () => {
  test("runs a packet and tells what came of it", async () => {
    const { object } = await loaded({ programs: [{ name: "count", code: counting }], maps: [counter] });
    const result = object.program("count").run(frame);
    expect(result).toMatchObject({ retval: XdpAction.Drop, action: "XDP_DROP", trap: undefined });
    expect(result.packet).toEqual(frame);
    expect(result.instructions).toBe(5);
    object.program("count").run(frame);
    expect(object.map("counts").raw.lookupElem(new Uint8Array(4))).toEqual(
      Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0),
    );
  });

  test("gives back every byte of the arena when an object is closed", async () => {
    const { kernel, object } = await loaded({
      programs: [{ name: "count", code: counting }],
      maps: [counter, { name: "flows", type: MapType.LruHash, maxEntries: 1000 }],
    });
    const empty = openUserKernel().arena.used;
    expect(kernel.arena.used).toBeGreaterThan(empty);
    object.close();
    object.close();
    expect(kernel.arena.used).toBe(empty);
  });

  test("what is closed can neither be run nor read, whoever has its memory now", async () => {
    const { kernel, object } = await loaded({
      programs: [{ name: "count", code: counting }],
      maps: [counter],
    });
    const program = object.program("count");
    const map = object.map("counts");
    object.close();
    await kernel.load(assembledObject({ programs: [pass], maps: [counter] }));
    expect(() => program.run(frame)).toThrow(/EBADF/);
    expect(() => map.raw.lookupElem(new Uint8Array(4))).toThrow(/EBADF/);
    expect(() => map.raw.updateElem(new Uint8Array(4), new Uint8Array(8))).toThrow(/EBADF/);
  });

  test("leaves nothing behind where an object is refused", async () => {
    const kernel = openUserKernel();
    const before = kernel.arena.used;
    const spec = assembledObject({
      programs: [pass, { name: "calls", code: "call get_current_task\nr0 = 2\nexit" }],
      maps: [counter],
    });
    await expect(kernel.load(spec)).rejects.toThrow();
    expect(kernel.arena.used).toBe(before);
  });

  test("loads the programs that were asked for, and names those there are", async () => {
    const kernel = openUserKernel();
    const spec = assembledObject({ programs: [pass, { ...pass, name: "trace", type: ProgramType.Tracing }] });
    await expect(kernel.load(spec)).rejects.toThrow(NotSupportedError);
    const object = await kernel.load(spec, { programs: ["pass"] });
    expect([...object.programs.keys()]).toEqual(["pass"]);
    expect(() => object.program("trace")).toThrow(SyntaxProblem);
    await expect(kernel.load(spec, { programs: ["none"] })).rejects.toThrow(/pass, trace/);
  });

  test("a map that is larger than the arena is a typed error", async () => {
    const kernel = openUserKernel({ memory: 8 * 1024 * 1024 });
    const before = kernel.arena.used;
    const big = { name: "big", type: MapType.Array, valueSize: 1024, maxEntries: 1 << 20 };
    await expect(kernel.load(assembledObject({ programs: [pass], maps: [big] }))).rejects.toThrow(
      NotSupportedError,
    );
    expect(kernel.arena.used).toBe(before);
  });

  test("a wild access ends the packet as XDP_ABORTED, with a report", async () => {
    const { object } = await loaded({
      programs: [{ name: "wild", code: "r1 = 5\nr0 = *(u8 *)(r1 + 0)\nexit" }],
    });
    const { retval, trap } = object.program("wild").run(frame);
    expect(retval).toBe(XdpAction.Aborted);
    expect(trap).toMatchObject({ kind: "memory access", program: "wild", slot: 1 });
  });

  test("a packet that Linux would not run is refused with its error number", async () => {
    const { object } = await loaded({ programs: [pass] });
    expect(() => object.program("pass").run(new Uint8Array(13))).toThrow(KernelError);
  });

  test("an instruction that does not exist is refused as the verifier would", async () => {
    const kernel = openUserKernel();
    const spec = assembledObject({ programs: [pass] });
    spec.programs[0].code = Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
    await expect(kernel.load(spec)).rejects.toThrow(VerifierError);
  });

  test("a map pinned by name is found again, and must have the same shape", async () => {
    const kernel = openUserKernel();
    const spec = (valueSize: number) => {
      const made = assembledObject({
        programs: [{ name: "count", code: counting }],
        maps: [{ ...counter, valueSize }],
      });
      made.maps[0].isPinnedByName = true;
      return made;
    };
    const first = await kernel.load(spec(8));
    first.program("count").run(frame);
    first.close();
    const second = await kernel.load(spec(8));
    second.program("count").run(frame);
    expect(second.map("counts").raw.lookupElem(new Uint8Array(4))[0]).toBe(2);
    await expect(kernel.load(spec(16))).rejects.toThrow(/value size 8, not 16/);
    expect(kernel.unpin("counts")).toBe(true);
    const third = await kernel.load(spec(16));
    expect(third.map("counts").raw.lookupElem(new Uint8Array(4))[0]).toBe(0);
  });

  test("values that an object gives a map of maps are in place", async () => {
    const { object } = await loaded({
      programs: [pass],
      maps: [
        { name: "inner", type: MapType.Array },
        {
          name: "outer",
          type: MapType.ArrayOfMaps,
          valueSize: 4,
          maxEntries: 2,
          inner: { name: "inner", type: MapType.Array },
          values: [{ index: 1, name: "inner" }],
        },
      ],
    });
    expect([...object.map("outer").raw.entries()].map(([key]) => key[0])).toEqual([1]);
  });

  test("time, random numbers and CPUs are what the options say", async () => {
    const clock = new ManualClock(5n);
    const lines: string[] = [];
    const { kernel, object } = await loaded(
      {
        programs: [
          { name: "time", code: "call ktime_get_ns\nexit" },
          { name: "random", code: "call get_prandom_u32\nexit" },
          { name: "cpu", code: "call get_smp_processor_id\nexit" },
        ],
      },
      { clock, random32: () => 7, cpus: 4, onTrace: (line) => lines.push(line) },
    );
    const run = (name: string) => object.program(name).run(frame).retval;
    expect(run("time")).toBe(5);
    clock.advance(10n);
    expect(run("time")).toBe(15);
    expect(run("random")).toBe(7);
    kernel.currentCpu = 3;
    expect(run("cpu")).toBe(3);
    expect(() => {
      kernel.currentCpu = 4;
    }).toThrow(RangeError);
  });

  test("records of a ring buffer come as they are made, until the signal", async () => {
    const { object } = await loaded({
      programs: [
        {
          name: "emit",
          code: `
            r1 = events ll
            r2 = r10
            r2 += -8
            *(u64 *)(r10 - 8) = 42
            r3 = 8
            r4 = 0
            call ringbuf_output
            exit`,
        },
      ],
      maps: [{ name: "events", type: MapType.Ringbuf, keySize: 0, valueSize: 0, maxEntries: 4096 }],
    });
    const abort = new AbortController();
    const received: number[] = [];
    const reading = (async () => {
      for await (const record of object.records("events", { signal: abort.signal })) {
        received.push(record[0]);
        if (received.length === 3) abort.abort();
      }
    })();
    for (let i = 0; i < 3; i++) {
      expect(object.program("emit").run(frame).retval).toBe(0);
      await Promise.resolve();
    }
    await reading;
    expect(received).toEqual([42, 42, 42]);
    // Closing ends who still waits.
    const waiting = (async () => {
      for await (const record of object.records("events")) received.push(record[0]);
    })();
    await Promise.resolve();
    object.close();
    await waiting;
    expect(received.length).toBe(3);
  });

  test("a timer's callback runs when its time has come", async () => {
    const clock = new ManualClock();
    const { kernel, object } = await loaded(
      {
        programs: [
          {
            name: "start",
            code: `
              *(u32 *)(r10 - 4) = 0
              r1 = timers ll
              r2 = r10
              r2 += -4
              call map_lookup_elem
              if r0 != 0 goto found
              exit
            found:
              r6 = r0
              r1 = r6
              r1 += 8
              r2 = timers ll
              r3 = 1
              call timer_init
              r1 = r6
              r1 += 8
              r2 = expired ll
              call timer_set_callback
              r1 = r6
              r1 += 8
              r2 = 1000
              r3 = 0
              call timer_start
              r0 = 2
              exit
            expired:
              *(u64 *)(r3 + 0) = 9
              r0 = 0
              exit`,
          },
        ],
        maps: [
          {
            name: "timers",
            type: MapType.Array,
            valueSize: 24,
            special: [{ kind: "timer", offset: 8, size: 16 }],
          },
        ],
      },
      { clock },
    );
    const value = () => object.map("timers").raw.lookupElem(new Uint8Array(4))[0];
    expect(object.program("start").run(frame).retval).toBe(2);
    clock.advance(999n);
    expect([kernel.runTimers(), value()]).toEqual([0, 0]);
    clock.advance(1n);
    expect([kernel.runTimers(), value()]).toEqual([1, 9]);
    expect(kernel.runTimers()).toBe(0);
  });

  test("`await using` closes what is left", async () => {
    const kernel = openUserKernel();
    const empty = kernel.arena.used;
    {
      await using scope = kernel;
      await scope.load(assembledObject({ programs: [{ name: "count", code: counting }], maps: [counter] }));
    }
    expect(kernel.arena.used).toBe(empty);
  });
});
