import fc from "fast-check";
import { AluOp, JmpOp } from "../../../src/asm/index.js";
import type {
  AluName,
  AtomicName,
  BlockStep,
  FunctionPlan,
  HelperStep,
  Hook,
  JumpName,
  ObjectPlan,
  Operand,
  PlainStep,
  ProgramPlan,
  Step,
} from "./step.js";

/*
 * The plans of programs, as fast-check makes and shrinks them.
 */

const pick = fc.nat(255);
const flag = fc.boolean();
/** Numbers at which arithmetic tends to go wrong, and any others. */
const imm = fc.oneof(
  fc.constantFrom(0, 1, -1, 2, 7, 8, 31, 63, 255, 0xffff, 0x7fffffff, -0x80000000, -2, 0x1000),
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
);
const wide = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      0n,
      1n,
      -1n,
      -2n,
      63n,
      0x7fff_ffffn,
      0x8000_0000n,
      0x8000_0001n,
      0xffff_ffffn,
      0x1_0000_0000n,
      0x1_7fff_ffffn,
      0x1_8000_0000n,
      0x7fff_ffff_ffff_ffffn,
      0x8000_0000_0000_0000n,
      0x8000_0000_0000_0001n,
      0xffff_ffff_7fff_ffffn,
    ),
  },
  { weight: 1, arbitrary: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }) },
);
const size = fc.constantFrom("B", "H", "W", "Dw");
const operand: fc.Arbitrary<Operand> = fc.oneof(
  { weight: 3, arbitrary: pick.map((n): Operand => ({ kind: "register", pick: n })) },
  { weight: 2, arbitrary: imm.map((n): Operand => ({ kind: "imm", imm: n })) },
);
const aluNames = Object.keys(AluOp).filter((name) => name !== "End" && name !== "Neg") as AluName[];
const jumpNames = Object.keys(JmpOp).filter(
  (name) => !["Ja", "Call", "Exit", "Jcond"].includes(name),
) as JumpName[];
const atomicNames: AtomicName[] = [
  "add",
  "or",
  "and",
  "xor",
  "fetch_add",
  "fetch_or",
  "fetch_and",
  "fetch_xor",
  "xchg",
  "cmpxchg",
  "load_acquire",
  "store_release",
];
const kind = <K extends string>(name: K) => fc.constant(name);

const plain: fc.Arbitrary<PlainStep> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: kind("alu"),
      op: fc.constantFrom(...aluNames),
      isWide: flag,
      isSigned: flag,
      dst: pick,
      src: operand,
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: kind("constant"), dst: pick, value: wide }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("negate"), isWide: flag, dst: pick }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("extend"),
      isWide: flag,
      bits: fc.constantFrom(8, 16, 32),
      dst: pick,
      src: pick,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("swap"),
      how: fc.constantFrom("be", "le", "bswap"),
      bits: fc.constantFrom(16, 32, 64),
      dst: pick,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: kind("load"), memory: pick, size, isSigned: flag, offset: pick, dst: pick }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ kind: kind("store"), memory: pick, size, offset: pick, src: operand }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: kind("atomic"),
      op: fc.constantFrom(...atomicNames),
      isWide: flag,
      memory: pick,
      offset: pick,
      src: pick,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("variable"),
      memory: pick,
      size,
      index: pick,
      isStore: flag,
      register: pick,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kind("spill"), memory: pick }) },
  { weight: 3, arbitrary: fc.record({ kind: kind("context load"), field: pick, size, dst: pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("context store"), field: pick, src: operand }) },
);

const calling: fc.Arbitrary<HelperStep> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: kind("map update"), map: pick, key: pick, flags: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: kind("map delete"), map: pick, key: pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("checksum"), from: fc.nat(8), to: fc.nat(8), seed: pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: kind("adjust"),
      which: pick,
      delta: fc.oneof(fc.integer({ min: -64, max: 64 }), fc.integer({ min: -5000, max: 5000 })),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: kind("copy"),
      isStore: flag,
      offset: fc.nat(80),
      length: fc.integer({ min: 1, max: 16 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("packet fact"), which: pick, argument: pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("tail call"), index: fc.nat(3) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: kind("call"),
      function: pick,
      args: fc.array(pick, { minLength: 4, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: kind("loop callback"), function: pick, count: pick }) },
  { weight: 2, arbitrary: fc.record({ kind: kind("each"), function: pick, map: pick }) },
);

const condition = fc.record({
  op: fc.constantFrom(...jumpNames),
  isWide: flag,
  left: pick,
  right: operand,
});

function block(body: fc.Arbitrary<readonly Step[]>): fc.Arbitrary<BlockStep> {
  return fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: kind("branch"),
        condition,
        taken: body,
        otherwise: body,
        returns: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: flag }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: kind("loop"),
        count: fc.integer({ min: 1, max: 5 }),
        hasMayGoto: flag,
        isLong: flag,
        body,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: kind("packet"),
        length: fc.integer({ min: 1, max: 64 }),
        index: operand,
        isMetadata: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: flag }),
        body,
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: kind("value"), map: pick, key: pick, body }) },
    { weight: 2, arbitrary: fc.record({ kind: kind("direct value"), map: pick, offset: pick, body }) },
  );
}

/** Steps, with others in them so many times at most. */
function steps(depth: number, maxLength: number): fc.Arbitrary<readonly Step[]> {
  const simple: fc.WeightedArbitrary<Step>[] = [
    { weight: 9, arbitrary: plain },
    { weight: 2, arbitrary: calling },
  ];
  // Of the size asked for, not of fast-check's usual one, which is small.
  const length = { maxLength, size: "max" } as const;
  if (depth === 0) return fc.array(fc.oneof(...simple), length);
  const inner = steps(depth - 1, Math.ceil(maxLength / 2));
  return fc.array(
    fc.oneof({ withCrossShrink: true }, ...simple, { weight: 3, arbitrary: block(inner) }),
    length,
  );
}

const functionPlan: fc.Arbitrary<FunctionPlan> = fc.record({
  kind: fc.constantFrom("function", "function", "loop", "each"),
  takesContext: flag,
  numbers: fc.nat(4),
  body: steps(1, 8),
});

const programPlan = (size: number): fc.Arbitrary<ProgramPlan> =>
  fc.record({ body: steps(3, size), functions: fc.array(functionPlan, { maxLength: 4 }) });

/** Objects of one or two programs for a hook. */
export function anyObject(hook: Hook): fc.Arbitrary<ObjectPlan> {
  return fc.record({
    hook: fc.constant(hook),
    programs: fc
      .tuple(programPlan(24), fc.option(programPlan(12), { nil: undefined, freq: 3 }))
      .map(([first, second]) => (second === undefined ? [first] : [first, second])),
  });
}
