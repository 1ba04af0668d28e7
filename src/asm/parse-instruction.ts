import { InstructionError } from "../errors.js";
import { insn as build } from "./builder.js";
import { type Instruction, LD_IMM64 } from "./instruction.js";
import { AtomicOp, InsnClass, InsnSource, MemMode, PseudoLd } from "./opcodes.js";
import { ALU_SIGNS, ATOMIC_NAMES, JUMP_SIGNS, MEMORY_BITS } from "./syntax.js";

/** A label in place of a distance, and the field that the distance goes to. */
export interface LabelUse {
  readonly name: string;
  readonly field: "offset" | "imm";
}

export interface ParsedInstruction {
  readonly insn: Instruction;
  readonly label?: LabelUse | undefined;
}

/** What the names in a text stand for. */
export interface Names {
  /** The number of a helper that is called by name (`call map_lookup_elem`). */
  readonly helperId?: ((name: string) => number | undefined) | undefined;
  /** The index of a map that is loaded by name (`r1 = counters ll`, `r1 = counters[0]+8 ll`). */
  readonly mapIndex?: ((name: string) => number | undefined) | undefined;
}

interface Context extends Names {
  readonly line: number;
}

type Rule = readonly [RegExp, (match: string[], context: Context) => ParsedInstruction];

const REG = "(r10|r[0-9]|w10|w[0-9])";
const NUM = "([+-]?\\s*(?:0x[0-9a-f]+|\\d+))";
const MEM = `\\*\\s*\\(([us])(8|16|32|64) \\*\\)\\s*\\((r10|r[0-9]) ?([+-] ?(?:0x[0-9a-f]+|\\d+))\\)`;
const CAST = `\\(\\(?u(8|16|32|64) \\*\\)\\s*\\((r10|r[0-9]) ?([+-] ?(?:0x[0-9a-f]+|\\d+))\\)`;
const NAME = "([A-Za-z_.$][\\w.$]*)";
const GOAL = `([+-]?\\s*(?:0x[0-9a-f]+|\\d+)|${NAME.slice(1, -1)})(?:\\s*<[^>]*>)?`;

const invert = (map: ReadonlyMap<number, string>) => new Map([...map].map(([key, name]) => [name, key]));
const aluBySign = invert(ALU_SIGNS);
const jumpBySign = invert(JUMP_SIGNS);
const atomicByName = invert(ATOMIC_NAMES);
const sizeByBits = new Map([...MEMORY_BITS].map(([size, bits]) => [String(bits), size]));

const rule = (pattern: string, make: Rule[1]): Rule => [new RegExp(`^${pattern}$`, "i"), make];
const only = (insn: Instruction): ParsedInstruction => ({ insn });
const registerOf = (text: string): number => Number(text.slice(1));
const isWideName = (text: string): boolean => text[0].toLowerCase() === "r";

function integer(text: string): bigint {
  const compact = text.replace(/\s/g, "").toLowerCase();
  return compact.startsWith("-") ? -BigInt(compact.slice(1)) : BigInt(compact.replace("+", ""));
}

function imm32(text: string, { line }: Context): number {
  const value = integer(text);
  if (value < -0x80000000n || value > 0xffffffffn) {
    throw new InstructionError(`${text} does not fit in 32 bits`, { line });
  }
  return Number(BigInt.asIntN(32, value));
}

function offset16(text: string, { line }: Context): number {
  const value = integer(text);
  if (value < -32768n || value > 32767n)
    throw new InstructionError(`${text} does not fit in 16 bits`, { line });
  return Number(value);
}

/** Both operands must be of one width: r with r, w with w. */
function sameWidth(a: string, b: string, { line }: Context): void {
  if (isWideName(a) !== isWideName(b)) throw new InstructionError(`${a} and ${b} differ in width`, { line });
}

function jumpTo(
  insn: Instruction,
  goal: string,
  field: LabelUse["field"],
  context: Context,
): ParsedInstruction {
  if (!/^[+-]|^\d/.test(goal)) return { insn, label: { name: goal, field } };
  if (field === "imm") return only({ ...insn, imm: imm32(goal, context) });
  return only({ ...insn, offset: offset16(goal, context) });
}

function atomic(bits: string, base: string, offset: string, src: string, op: number, context: Context) {
  const size = sizeByBits.get(bits) as number;
  const opcode = InsnClass.Stx | MemMode.Atomic | size;
  return only({
    opcode,
    dst: registerOf(base),
    src: registerOf(src),
    offset: offset16(offset, context),
    imm: op,
  });
}

function wide(dst: string, src: number, imm: number, nextImm: number): ParsedInstruction {
  return only({ opcode: LD_IMM64, dst: registerOf(dst), src, offset: 0, imm, nextImm });
}

const signs = (map: ReadonlyMap<string, number>): string =>
  [...map.keys()]
    .sort((a, b) => b.length - a.length)
    .map((sign) => sign.replace(/[|*+/^]/g, "\\$&"))
    .join("|");

const NEXT = "(?: next ([+-]?\\d+))?";

const rules: readonly Rule[] = [
  rule("exit", () => only(build.exit())),
  rule(`goto ${GOAL}`, ([goal], context) => jumpTo(build.ja(0), goal, "offset", context)),
  rule(`gotol ${GOAL}`, ([goal], context) => jumpTo(build.gotol(0), goal, "imm", context)),
  rule(`may_goto ${GOAL}`, ([goal], context) => jumpTo(build.mayGoto(0), goal, "offset", context)),
  rule(`if ${REG} (${signs(jumpBySign)}) ${REG} goto ${GOAL}`, ([a, sign, b, goal], context) => {
    sameWidth(a, b, context);
    const kind = isWideName(a) ? InsnClass.Jmp : InsnClass.Jmp32;
    const opcode = kind | InsnSource.X | (jumpBySign.get(sign.toLowerCase()) as number);
    return jumpTo(
      { opcode, dst: registerOf(a), src: registerOf(b), offset: 0, imm: 0 },
      goal,
      "offset",
      context,
    );
  }),
  rule(`if ${REG} (${signs(jumpBySign)}) ${NUM} goto ${GOAL}`, ([a, sign, b, goal], context) => {
    const kind = isWideName(a) ? InsnClass.Jmp : InsnClass.Jmp32;
    const opcode = kind | (jumpBySign.get(sign.toLowerCase()) as number);
    return jumpTo(
      { opcode, dst: registerOf(a), src: 0, offset: 0, imm: imm32(b, context) },
      goal,
      "offset",
      context,
    );
  }),
  rule(`call pc${NUM}(?:\\s*<[^>]*>)?`, ([distance], context) =>
    only(build.callLocal(imm32(distance, context))),
  ),
  rule(`call kfunc#${NUM}(?: fd_array ${NUM})?`, ([id, index], context) =>
    only(build.callKfunc(imm32(id, context), index === undefined ? 0 : offset16(index, context))),
  ),
  rule(`call ${NUM}`, ([id], context) => only(build.call(imm32(id, context)))),
  rule(`call ${NAME}`, ([name], context) => {
    const id = context.helperId?.(name);
    if (id !== undefined) return only(build.call(id));
    return { insn: build.callLocal(0), label: { name, field: "imm" } };
  }),
  rule(`r0 = \\*\\s*\\(u(8|16|32) \\*\\)\\s*skb\\[${NUM}\\]`, ([bits, imm], context) =>
    only({
      opcode: InsnClass.Ld | MemMode.Abs | (sizeByBits.get(bits) as number),
      dst: 0,
      src: 0,
      offset: 0,
      imm: imm32(imm, context),
    }),
  ),
  rule(
    `r0 = \\*\\s*\\(u(8|16|32) \\*\\)\\s*skb\\[(r10|r[0-9])(?: ?${NUM})?\\]`,
    ([bits, src, imm], context) =>
      only({
        opcode: InsnClass.Ld | MemMode.Ind | (sizeByBits.get(bits) as number),
        dst: 0,
        src: registerOf(src),
        offset: 0,
        imm: imm === undefined ? 0 : imm32(imm, context),
      }),
  ),
  rule(`${REG} = ${MEM}`, ([dst, sign, bits, base, offset], context) => {
    const mode = sign.toLowerCase() === "s" ? MemMode.Memsx : MemMode.Mem;
    const opcode = InsnClass.Ldx | mode | (sizeByBits.get(bits) as number);
    return only({
      opcode,
      dst: registerOf(dst),
      src: registerOf(base),
      offset: offset16(offset, context),
      imm: 0,
    });
  }),
  rule(`${MEM} = ${REG}`, ([, bits, base, offset, src], context) => {
    const opcode = InsnClass.Stx | MemMode.Mem | (sizeByBits.get(bits) as number);
    return only({
      opcode,
      dst: registerOf(base),
      src: registerOf(src),
      offset: offset16(offset, context),
      imm: 0,
    });
  }),
  rule(`${MEM} = ${NUM}`, ([, bits, base, offset, imm], context) => {
    const opcode = InsnClass.St | MemMode.Mem | (sizeByBits.get(bits) as number);
    return only({
      opcode,
      dst: registerOf(base),
      src: 0,
      offset: offset16(offset, context),
      imm: imm32(imm, context),
    });
  }),
  rule(`lock ${MEM} ([+|&^])= ${REG}`, ([, bits, base, offset, sign, src], context) =>
    atomic(bits, base, offset, src, aluBySign.get(sign) as number, context),
  ),
  rule(
    `${REG} = atomic_fetch_(add|or|and|xor)\\(${CAST}, ${REG}\\)`,
    ([dst, name, bits, base, offset, src], context) => {
      if (dst !== src) throw new InstructionError("an atomic fetch returns in its source register", context);
      return atomic(bits, base, offset, src, (atomicByName.get(name) as number) | AtomicOp.Fetch, context);
    },
  ),
  rule(
    `${REG} = xchg(?:_64|32_32)\\((r10|r[0-9]) ?${NUM}, ${REG}\\)`,
    ([dst, base, offset, src], context) => {
      if (dst !== src) throw new InstructionError("xchg returns in its source register", context);
      return atomic(isWideName(src) ? "64" : "32", base, offset, src, AtomicOp.Xchg, context);
    },
  ),
  rule(
    `([rw])0 = cmpxchg(?:_64|32_32)\\((r10|r[0-9]) ?${NUM}, \\1(?:0), ${REG}\\)`,
    ([, base, offset, src], context) =>
      atomic(isWideName(src) ? "64" : "32", base, offset, src, AtomicOp.Cmpxchg, context),
  ),
  rule(`${REG} = load_acquire\\(${CAST}\\)`, ([dst, bits, base, offset], context) => {
    const opcode = InsnClass.Stx | MemMode.Atomic | (sizeByBits.get(bits) as number);
    const at = offset16(offset, context);
    return only({ opcode, dst: registerOf(dst), src: registerOf(base), offset: at, imm: AtomicOp.LoadAcq });
  }),
  rule(`store_release\\(${CAST}, ${REG}\\)`, ([bits, base, offset, src], context) =>
    atomic(bits, base, offset, src, AtomicOp.StoreRel, context),
  ),
  rule(`${REG} = (be|le|bswap)(16|32|64) ${REG}`, ([dst, name, bits, src], context) => {
    if (dst !== src) throw new InstructionError("a byte swap works in place", context);
    const width = Number(bits) as 16 | 32 | 64;
    const make = { be: build.toBe, le: build.toLe, bswap: build.bswap }[
      name.toLowerCase()
    ] as typeof build.toBe;
    return only(make(registerOf(dst), width));
  }),
  rule(`${REG} = addr_space_cast\\((r10|r[0-9]), ${NUM}, ${NUM}\\)`, ([dst, src, to, from], context) => {
    const imm = (imm32(to, context) << 16) | imm32(from, context);
    return only({ ...build.mov64Reg(registerOf(dst), registerOf(src)), offset: 1, imm });
  }),
  rule(`(r10|r[0-9]) = map\\[(fd|idx):${NUM}\\]`, ([dst, kind, value], context) =>
    wide(dst, kind === "fd" ? PseudoLd.MapFd : PseudoLd.MapIdx, imm32(value, context), 0),
  ),
  rule(`(r10|r[0-9]) = map\\[(fd|idx):${NUM}\\]\\[0\\]\\+(\\d+)`, ([dst, kind, value, at], context) => {
    const src = kind === "fd" ? PseudoLd.MapValue : PseudoLd.MapIdxValue;
    return wide(dst, src, imm32(value, context), imm32(at, context));
  }),
  rule(`(r10|r[0-9]) = btf\\[id:${NUM}\\] module ${NUM}`, ([dst, id, module], context) =>
    wide(dst, PseudoLd.BtfId, imm32(id, context), imm32(module, context)),
  ),
  rule(`(r10|r[0-9]) = subprog\\[${NUM}\\]${NEXT}`, ([dst, distance, next], context) =>
    wide(dst, PseudoLd.Func, imm32(distance, context), imm32(next ?? "0", context)),
  ),
  // A name is a map, or a function of the text.
  rule(`(r10|r[0-9]) = ${NAME} ll`, ([dst, name], context) => {
    const index = context.mapIndex?.(name);
    if (index !== undefined) return wide(dst, PseudoLd.MapIdx, index, 0);
    return { ...wide(dst, PseudoLd.Func, 0, 0), label: { name, field: "imm" } };
  }),
  rule(`(r10|r[0-9]) = ${NAME}\\[0\\]\\+(\\d+) ll`, ([dst, name, at], context) => {
    const index = context.mapIndex?.(name);
    if (index === undefined) throw new InstructionError(`no map ${name}`, context);
    return wide(dst, PseudoLd.MapIdxValue, index, imm32(at, context));
  }),
  rule(`(r10|r[0-9]) = ${NUM} ll`, ([dst, text], { line }) => {
    const value = integer(text);
    if (value < -(1n << 63n) || value >= 1n << 64n) {
      throw new InstructionError(`${text} does not fit in 64 bits`, { line });
    }
    return only(build.imm64(registerOf(dst), value));
  }),
  rule(`${REG} = -\\s*${REG}`, ([dst, src], context) => {
    if (dst !== src) throw new InstructionError("negation works in place", context);
    return only(isWideName(dst) ? build.neg64(registerOf(dst)) : build.neg32(registerOf(dst)));
  }),
  rule(`${REG} = \\(s(8|16|32)\\)\\s*${REG}`, ([dst, bits, src], context) => {
    sameWidth(dst, src, context);
    const make = isWideName(dst) ? build.alu64Reg : build.alu32Reg;
    return only(make("Mov", registerOf(dst), registerOf(src), Number(bits)));
  }),
  rule(`${REG} = ${REG}`, ([dst, src], context) => {
    sameWidth(dst, src, context);
    const make = isWideName(dst) ? build.alu64Reg : build.alu32Reg;
    return only(make("Mov", registerOf(dst), registerOf(src)));
  }),
  rule(`${REG} = ${NUM}`, ([dst, imm], context) => {
    const make = isWideName(dst) ? build.alu64Imm : build.alu32Imm;
    return only(make("Mov", registerOf(dst), imm32(imm, context)));
  }),
  rule(`${REG} (s/|s%|${signs(aluBySign)})= (?:${REG}|${NUM})`, ([dst, name, src, imm], context) => {
    const sign = name.toLowerCase();
    const isSigned = sign === "s/" || sign === "s%";
    const op = aluBySign.get(isSigned ? sign.slice(1) : sign) as number;
    const kind = isWideName(dst) ? InsnClass.Alu64 : InsnClass.Alu;
    const fields = { dst: registerOf(dst), offset: isSigned ? 1 : 0 };
    if (src === undefined) return only({ ...fields, opcode: kind | op, src: 0, imm: imm32(imm, context) });
    sameWidth(dst, src, context);
    return only({ ...fields, opcode: kind | InsnSource.X | op, src: registerOf(src), imm: 0 });
  }),
];

/** One instruction's text; throws InstructionError with the line where no form fits. */
export function parseInstruction(text: string, line: number, names: Names): ParsedInstruction {
  const source = text.replace(/\s+/g, " ");
  const context: Context = { ...names, line };
  for (const [pattern, make] of rules) {
    const match = pattern.exec(source);
    if (match !== null) return make(match.slice(1), context);
  }
  throw new InstructionError(`no instruction has the form '${source}'`, { line });
}
