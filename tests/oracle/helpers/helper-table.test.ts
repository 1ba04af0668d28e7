import { afterAll, beforeAll, expect, test } from "vitest";
import { type Instruction, insn } from "../../../src/asm/index.js";
import {
  type ArgumentKind,
  callableHelpers,
  type Helper,
  type HelperArgument,
  helperOption,
  helperPrototype,
  helpers,
  knownProgramTypes,
} from "../../../src/helpers/index.js";
import { createMap } from "../../../src/linux/create-map.js";
import { Descriptor } from "../../../src/linux/sys/descriptor.js";
import { MapType, ProgramType, programTypeName } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { isOptionSet, verifierSays } from "./linux.js";

/*
 * Every column of the helper table against the verifier of the kernel that runs: tiny programs that
 * call a helper with one thing wrong, and what the verifier says of that.
 */

const types = knownProgramTypes.map((type): [name: string, type: number] => [programTypeName(type), type]);
/** The register that keeps the context, and where initialised stack lies. */
const CONTEXT = 6;
const STACK = -64;
let map: Descriptor;

function callable(type: number): Helper[] {
  const isBuiltIn = (option: string | undefined) => option === undefined || isOptionSet(option);
  return helpers.filter(
    ({ id }) => callableHelpers(type)?.has(id) === true && isBuiltIn(helperOption(id, type)),
  );
}

const prologue: readonly Instruction[] = [
  insn.mov64Reg(CONTEXT, 1),
  ...Array.from({ length: 8 }, (_, i) => insn.storeImm("Dw", 10, STACK + i * 8, 0)),
  ...[2, 3, 4, 5].map((register) => insn.mov64Imm(register, 0)),
];

const toStack = (register: number) => [insn.mov64Reg(register, 10), insn.alu64Imm("Add", register, STACK)];

/** Gives a register what an argument wants; undefined where that takes more than a few instructions. */
function fitting(register: number, { kind }: HelperArgument): Instruction[] | undefined {
  switch (kind) {
    case "PTR_TO_CTX":
      return [insn.mov64Reg(register, CONTEXT)];
    case "CONST_MAP_PTR":
      return [insn.mapFd(register, map.fd)];
    case "ANYTHING":
    case "CONST_SIZE":
    case "CONST_SIZE_OR_ZERO":
      return [insn.mov64Imm(register, 8)];
    case "PTR_TO_MAP_KEY":
    case "PTR_TO_MAP_VALUE":
    case "PTR_TO_MEM":
      return toStack(register);
    default:
      return undefined;
  }
}

const MEMORY = /expected=fp, pkt, pkt_meta, map_key, map_value, mem, ringbuf_mem, buf, trusted_ptr_$/;

/** What the verifier expects in place of a number (in place of a pointer, for sizes). */
const EXPECTED: Record<Exclude<ArgumentKind, "ANYTHING">, RegExp> = {
  CONST_MAP_PTR: /expected=map_ptr$/,
  PTR_TO_MAP_KEY: MEMORY,
  PTR_TO_MAP_VALUE: MEMORY,
  PTR_TO_MEM: MEMORY,
  CONST_SIZE: /expected=scalar$/,
  CONST_SIZE_OR_ZERO: /expected=scalar$/,
  CONST_ALLOC_SIZE_OR_ZERO: /expected=scalar$/,
  PTR_TO_CTX: /expected=ctx$/,
  PTR_TO_SPIN_LOCK: /expected=map_value, ptr_, trusted_ptr_|expected=map_value/,
  PTR_TO_SOCK_COMMON: /expected=sock_common, sock, tcp_sock, xdp_sock/,
  PTR_TO_BTF_ID_SOCK_COMMON: /expected=sock_common, sock, tcp_sock, xdp_sock, ptr_, trusted_ptr_/,
  PTR_TO_BTF_ID: /expected=ptr_, trusted_ptr_, rcu_ptr_/,
  PTR_TO_PERCPU_BTF_ID: /expected=percpu_ptr_/,
  PTR_TO_RINGBUF_MEM: /expected=ringbuf_mem$/,
  PTR_TO_FUNC: /expected=func$/,
  PTR_TO_STACK: /expected=fp$/,
  PTR_TO_CONST_STR: /expected=map_value$/,
  PTR_TO_TIMER: /expected=map_value$/,
  KPTR_XCHG_DEST: /expected=map_value/,
  PTR_TO_DYNPTR: /expected=fp, dynptr_ptr$/,
};

/** The arguments that can be tried: up to the first that is hard to come by. */
function* tried(helper: Helper, type: number): Generator<[n: number, HelperArgument, before: Instruction[]]> {
  const before: Instruction[] = [];
  for (const [index, argument] of helperPrototype(helper, type).arguments.entries()) {
    yield [index + 1, argument, before];
    const insns = fitting(index + 1, argument);
    if (insns === undefined) return;
    before.push(...insns);
  }
}

/** Refusals of calls whose arguments are of the right kinds: our array map is the wrong map. */
const UNSUITABLE = /cannot pass map_type|expected prog array map|doesn't support non-zero flags/;

const call = (helper: Helper) => [insn.call(helper.id), insn.mov64Imm(0, 0), insn.exit()];

describeWith(["bpf"], "the helper table and Linux's verifier", () => {
  beforeAll(() => {
    const shape = { name: "array", type: MapType.Array, keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 };
    map = new Descriptor(createMap(shape), "map array");
  });
  afterAll(() => map.close());

  test.each(types)("%s: which helpers may be called", (_name, type) => {
    const isCallable = (helper: Helper) =>
      !/program of this type cannot use helper|invalid func/.test(verifierSays(type, call(helper)));
    expect(callable(type).map((helper) => helper.name)).toEqual(
      helpers.filter(isCallable).map((helper) => helper.name),
    );
  });

  test.each(types)("%s: which helpers need a GPL-compatible licence, or sleep", (_name, type) => {
    for (const helper of callable(type)) {
      const log = verifierSays(type, call(helper), "Proprietary");
      const { isGplOnly, mightSleep } = helperPrototype(helper, type);
      expect([helper.name, /GPL-restricted function/.test(log)]).toEqual([helper.name, isGplOnly]);
      const sleeps = /helper call might sleep/.test(verifierSays(type, call(helper)));
      expect([helper.name, sleeps]).toEqual([helper.name, mightSleep]);
    }
  });

  test.each(types)("%s: how many arguments, of which kinds", (_name, type) => {
    for (const helper of callable(type)) {
      if (helperPrototype(helper, type).mightSleep) continue;
      const count = helperPrototype(helper, type).arguments.length;
      for (const [n, argument, before] of tried(helper, type)) {
        const { kind } = argument;
        const said = (...insns: Instruction[]) =>
          verifierSays(type, [...prologue, ...before, ...insns, ...call(helper)]);
        const complaint = new RegExp(`^R${n} .*`, "m");
        const title = `${helper.name} argument ${n}: ${kind}`;
        const wrong = kind === "ANYTHING" || kind.startsWith("CONST_SIZE") || kind.startsWith("CONST_ALLOC");
        const log = said(...(wrong ? toStack(n) : [insn.mov64Imm(n, 1)]));
        const [line = ""] = complaint.exec(log) ?? [];
        if (kind === "ANYTHING") expect([title, line]).toEqual([title, ""]);
        else expect([title, line]).toEqual([title, expect.stringMatching(EXPECTED[kind])]);

        if (wrong) continue;
        const mayBeNull = !complaint.test(said(insn.mov64Imm(n, 0)));
        expect([title, mayBeNull]).toEqual([title, argument.flags.includes("PTR_MAYBE_NULL")]);
      }
      // A register that is read must hold something: r1 does from the start, so it counts as read here.
      for (let n = 2; n <= 5; n++) {
        const isRead = new RegExp(`^R${n} !read_ok`, "m").test(readsOf(type, helper, n));
        if (canReach(helper, type, n)) expect([helper.name, n, isRead]).toEqual([helper.name, n, n <= count]);
      }
    }
  });

  /** Whether the verifier gets as far as argument n. */
  function canReach(helper: Helper, type: number, n: number): boolean {
    return helperPrototype(helper, type)
      .arguments.slice(0, n - 1)
      .every((argument, index) => fitting(index + 1, argument) !== undefined);
  }

  function readsOf(type: number, helper: Helper, n: number): string {
    const insns = prologue.filter((each) => each.dst !== n || each.src !== 0 || each.dst > 5);
    const before = helperPrototype(helper, type)
      .arguments.slice(0, n - 1)
      .flatMap((argument, index) => fitting(index + 1, argument) ?? []);
    return verifierSays(type, [...insns, ...before, ...call(helper)]);
  }

  test.each(types.filter(([, type]) => type !== ProgramType.SocketFilter))(
    "%s: which helpers take packet memory",
    (_name, type) => {
      const bounds = type === ProgramType.Xdp ? [0, 4] : [76, 80];
      const packet = [
        insn.load("W", 7, CONTEXT, bounds[0]),
        insn.load("W", 8, CONTEXT, bounds[1]),
        insn.mov64Reg(9, 7),
        insn.alu64Imm("Add", 9, 64),
        insn.jumpReg("Jle", 9, 8, 2),
        insn.mov64Imm(0, 0),
        insn.exit(),
      ];
      for (const helper of callable(type)) {
        const { takesPacket, mightSleep } = helperPrototype(helper, type);
        if (mightSleep) continue;
        for (const [n, { kind, flags }, before] of tried(helper, type)) {
          // What a helper writes may not be packet memory in any case.
          if (!/PTR_TO_(MEM|MAP_KEY|MAP_VALUE)$/.test(kind) || flags.includes("MEM_WRITE")) continue;
          const rest = [insn.mov64Reg(n, 7), insn.mov64Imm(n + 1, 8)].slice(0, n === 5 ? 1 : 2);
          const log = verifierSays(type, [...prologue, ...packet, ...before, ...rest, ...call(helper)]);
          const isRefused = /helper access to the packet is not allowed/.test(log);
          expect([helper.name, n, isRefused]).toEqual([helper.name, n, !takesPacket]);
        }
      }
    },
  );

  test.each(types)("%s: what helpers return", (_name, type) => {
    let tried = 0;
    for (const helper of callable(type)) {
      const prototype = helperPrototype(helper, type);
      const args = prototype.arguments.map((argument, index) => fitting(index + 1, argument));
      if (prototype.mightSleep || args.includes(undefined)) continue;
      const log = verifierSays(type, [
        ...prologue,
        ...args.flatMap((insns) => insns ?? []),
        insn.call(helper.id),
        insn.load("B", 0, 0, 0),
        insn.exit(),
      ]);
      const [, missing, found] = /^R0 (!read_ok)|^R0 invalid mem access '(\w+)'/m.exec(log) ?? [];
      const { kind, flags } = prototype.returns;
      // Kernel objects may be read; and one helper wants its arguments just so.
      if (UNSUITABLE.test(log) || kind === "PTR_TO_BTF_ID") continue;
      tried++;
      const suffix = flags.includes("PTR_MAYBE_NULL") ? "_or_null" : "";
      const text =
        kind === "INTEGER" ? "scalar" : kind.replace("PTR_TO_", "").replace(/ET$/, "").toLowerCase();
      expect([helper.name, missing ?? found]).toEqual([
        helper.name,
        kind === "VOID" ? "!read_ok" : text + suffix,
      ]);
    }
    expect(tried).toBeGreaterThan(30);
  });

  test.each(types.filter(([, type]) => type === ProgramType.Xdp || type === ProgramType.SchedCls))(
    "%s: which helpers move the packet",
    (_name, type) => {
      const bounds = type === ProgramType.Xdp ? [0, 4] : [76, 80];
      let found = 0;
      for (const helper of callable(type)) {
        const prototype = helperPrototype(helper, type);
        const args = prototype.arguments.map((argument, index) => fitting(index + 1, argument));
        if (prototype.mightSleep || args.includes(undefined)) continue;
        const log = verifierSays(type, [
          ...prologue,
          insn.load("W", 7, CONTEXT, bounds[0]),
          insn.load("W", 8, CONTEXT, bounds[1]),
          ...args.flatMap((insns) => insns ?? []),
          insn.call(helper.id),
          insn.mov64Reg(9, 7),
          insn.alu64Imm("Add", 9, 8),
          insn.jumpReg("Jgt", 9, 8, 1),
          insn.load("B", 0, 7, 0),
          insn.mov64Imm(0, 0),
          insn.exit(),
        ]);
        // Whatever else is wrong with a call (a map of another type) hides the answer.
        if (UNSUITABLE.test(log)) continue;
        const isMoved = /R[78] !read_ok|R7 invalid mem access/.test(log);
        expect([helper.name, isMoved]).toEqual([helper.name, prototype.changesPacket]);
        if (isMoved) found++;
      }
      expect(found).toBeGreaterThan(2);
    },
  );
});
