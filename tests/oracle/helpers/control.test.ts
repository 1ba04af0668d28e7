import { test } from "vitest";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { type Case, useAgreement } from "./agree.js";
import { call, helperObject, inBatches, packets, withConstant } from "./programs.js";
import { samples } from "./samples.js";

const trial = { packets: packets(samples.udp4) };
const keep = (index: number) => `*(u64 *)(r9 + ${8 + index * 8}) = r0`;

describeWith(["bpf"], "timers, locks, iterators and kernel memory", () => {
  const agree = useAgreement();

  test("what the timer helpers return", async () => {
    const timers = {
      name: "timers",
      type: MapType.Array,
      valueSize: 32,
      special: [{ kind: "timer", offset: 0, size: 16 }] as const,
    };
    const timer = "timers[0]+0 ll";
    const initialize = (flags: number | bigint) => call("timer_init", timer, "timers ll", flags);
    const setCallback = `r1 = ${timer}\nr2 = callback ll\ncall timer_set_callback`;
    const hour = 3_600_000_000_000n;
    const start = (flags: number | bigint) => call("timer_start", timer, hour, flags);
    const cancel = call("timer_cancel", timer);
    const calls = [
      ...[setCallback, start(0), cancel],
      ...[2, 3, 8, 16, 17, -1, 1n << 32n].map(initialize),
      ...[initialize(1), initialize(1), initialize(0), initialize(99)],
      ...[start(0), setCallback, ...[4, 8, -1, 1n << 32n].map(start)],
      ...[start(0), start(2), cancel, cancel, start(0), setCallback, start(3), start(1), cancel],
    ];
    const body = calls.map((each, index) => `${each}\n${keep(index)}`).join("\n");
    const object = helperObject(body, { maps: [timers] });
    const [program] = object.programs;
    const code = `${program.code}\ncallback: r0 = 0\nexit`;
    await agree([["timers", { ...object, programs: [{ ...program, code }] }, trial]]);
  });

  test("iterating over bits", async () => {
    const words = new Uint8Array(4096);
    words.set([0, 0x81, 0, 0, 0, 0, 0, 0x80, 3, 0, 0, 0x10]);
    words[510 * 8 + 7] = 0x40;
    const map = { name: "words", type: MapType.Array, valueSize: 4096, flags: 128 };
    const kfuncs = ["bpf_iter_bits_new", "bpf_iter_bits_next", "bpf_iter_bits_destroy"];
    const next = (index: number) => `
      r1 = r10
      r1 += -16
      call kfunc#1
      if r0 == 0 goto +1
      r0 = *(s32 *)(r0 + 0)
      ${keep(index)}`;
    const iterate = (from: string, count: number, index: number) => `
      r1 = r10
      r1 += -16
      r2 = ${from}
      r3 = ${count}
      call kfunc#0
      ${keep(index)}
      ${[1, 2, 3, 4, 5, 6, 7].map((n) => next(index + n)).join("\n")}
      r1 = r10
      r1 += -16
      call kfunc#2
      r0 = 0`;
    const bodies = [0, 1, 2, 3, 511, 512, -1, 0x7fffffff].map((count, n) =>
      iterate("words[0]+0 ll", count, n * 8),
    );
    const nowhere = ["0", "1 ll", "0x7fffffffffff ll", "0xffffffffffffffff ll"].flatMap((from, n) =>
      [1, 2, 512].map((count, m) => iterate(from, count, (n * 3 + m) * 8)),
    );
    await agree(
      [bodies, nowhere].map((each, at): Case => {
        const object = helperObject(each.join("\n"), { maps: [map], kfuncs });
        return [`program ${at}`, withConstant(object, "words", words), trial];
      }),
    );
  });

  test("iterating over numbers, and where the program runs", async () => {
    const kfuncs = ["bpf_iter_num_new", "bpf_iter_num_next", "bpf_iter_num_destroy"];
    const [lowest, highest] = [-0x80000000, 0x7fffffff];
    const ranges: readonly (readonly [number, number])[] = [
      ...([
        [0, 0],
        [0, 3],
        [3, 0],
        [-2, 2],
        [5, 6],
        [1, -1],
      ] as const),
      ...([
        [highest - 1, highest],
        [highest, highest],
        [lowest, lowest + 2],
        [lowest, highest],
      ] as const),
      ...([
        [0, 1 << 23],
        [0, (1 << 23) + 1],
        [-1, 1 << 23],
        [highest, lowest],
      ] as const),
    ];
    const next = "r1 = r10\nr1 += -8\ncall kfunc#1\nif r0 == 0 goto +1\nr0 = *(s32 *)(r0 + 0)";
    const iterate = (start: number, end: number, index: number) => `
      ${call("kfunc#0", "r10 - 8", start, end)}
      ${keep(index)}
      ${[1, 2, 3, 4, 5].map((n) => `${next}\n${keep(index + n)}`).join("\n")}
      r1 = r10
      r1 += -8
      call kfunc#2`;
    const body = ranges.map(([start, end], n) => iterate(start, end, n * 6)).join("\n");
    const where = ["get_smp_processor_id", "get_numa_node_id"].map(
      (helper, n) => `${call(helper)}\n${keep(90 + n)}`,
    );
    await agree([["numbers", helperObject([body, ...where].join("\n"), { kfuncs }), trial]]);
  });

  test("sections that hold something off, and a spin lock", async () => {
    const locked = {
      name: "locked",
      type: MapType.Array,
      valueSize: 16,
      special: [{ kind: "spin_lock", offset: 0, size: 4 }] as const,
    };
    const kfuncs = [
      "bpf_rcu_read_lock",
      "bpf_rcu_read_unlock",
      "bpf_preempt_disable",
      "bpf_preempt_enable",
      "bpf_local_irq_save",
      "bpf_local_irq_restore",
    ];
    const body = `
      r8 = locked[0]+0 ll
      r1 = r8
      call spin_lock
      r1 = *(u64 *)(r8 + 8)
      r1 += 5
      *(u64 *)(r8 + 8) = r1
      r1 = r8
      call spin_unlock
      call kfunc#0
      call kfunc#2
      r1 = r10
      r1 += -8
      call kfunc#4
      r1 = *(u64 *)(r8 + 8)
      r1 *= 3
      *(u64 *)(r9 + 16) = r1
      r1 = r10
      r1 += -8
      call kfunc#5
      call kfunc#3
      call kfunc#1
      r0 = 0`;
    const types = [ProgramType.Xdp, ProgramType.SchedCls, ProgramType.SchedAct, ProgramType.SocketFilter];
    // Programs of a socket filter may not take a spin lock.
    const cases = types
      .slice(0, 3)
      .map((type): Case => [`type ${type}`, helperObject(body, { type, maps: [locked], kfuncs }), trial]);
    await agree(cases);
  });

  test("reading kernel memory", async () => {
    const text = new TextEncoder().encode("some text\0and more of it, without an end");
    const map = { name: "text", type: MapType.Array, valueSize: text.length };
    const places = [
      ...["text[0]+0 ll", "text[0]+4 ll", "text[0]+9 ll", "text[0]+10 ll"],
      ...["0", "1 ll", "4095 ll", "0x7fffffffffff ll", "0xffffffffffffffff ll", "0xfffffffffffffff0 ll"],
    ];
    const calls = ["probe_read_kernel", "probe_read_kernel_str"].flatMap((helper) =>
      places.flatMap((place) =>
        [0, 1, 2, 8, 9, 10, 11, 16].flatMap((length) => [
          `
          r1 = -1
          *(u64 *)(r10 - 16) = r1
          *(u64 *)(r10 - 8) = r1
          r1 = r10
          r1 += -16
          r2 = ${length}
          r3 = ${place}
          call ${helper}`,
          "r0 = *(u64 *)(r10 - 16)",
          "r0 = *(u64 *)(r10 - 8)",
        ]),
      ),
    );
    const contents = [{ map: "text", key: new Uint8Array(4), value: text }];
    await agree(
      inBatches(calls, { maps: [map] }).map((object, at): Case => {
        return [`program ${at}`, object, { ...trial, contents }];
      }),
    );
  });

  test("the number of a map's elements", async () => {
    const types = [MapType.Hash, MapType.LruHash, MapType.PercpuHash, MapType.LruPercpuHash, MapType.Array];
    const maps = types.map((type, n) => ({ name: `map${n}`, type, valueSize: 8, maxEntries: 8 }));
    const calls = types.flatMap((_, n) => {
      const count = call("kfunc#0", `map${n} ll`);
      const update = [1, 2, 3, 2].map(
        (value) =>
          `*(u32 *)(r10 - 4) = ${value}\n${call("map_update_elem", `map${n} ll`, "r10 - 4", "r10 - 16", 0)}`,
      );
      const remove = `*(u32 *)(r10 - 4) = 2\n${call("map_delete_elem", `map${n} ll`, "r10 - 4")}`;
      return [count, ...update, count, remove, count, remove, count];
    });
    const prologue = "*(u64 *)(r10 - 16) = 9\n*(u64 *)(r10 - 8) = 0";
    const options = { maps, kfuncs: ["bpf_map_sum_elem_count"] };
    await agree(
      inBatches(calls, options, prologue).map((object, at): Case => [`program ${at}`, object, trial]),
    );
  });
});
