import { decodeAt } from "./decode.js";
import { CodeView, type Instruction, LD_IMM64 } from "./instruction.js";
import { jumpTarget } from "./jump-target.js";
import {
  ADDR_SPACE_CAST,
  AluOp,
  AtomicOp,
  InsnClass,
  InsnSource,
  JmpOp,
  MemMode,
  MemSize,
  PseudoCall,
  PseudoLd,
} from "./opcodes.js";
import { ALU_SIGNS, ATOMIC_NAMES, JUMP_SIGNS, MEMORY_BITS } from "./syntax.js";

export interface DisassembleOptions {
  /** A helper's name ("map_lookup_elem"), shown in place of its number. */
  helperName?: (id: number) => string | undefined;
  /** A name for a slot that is jumped to or called ("LBB0_3", "parse"), shown behind the distance. */
  symbol?: (slot: number) => string | undefined;
}

/** One line of disassembly. */
export interface DisassembledLine {
  readonly slot: number;
  readonly insn: Instruction;
  readonly text: string;
}

/**
 * Code as text, in the syntax of llvm-objdump. What llvm leaves to relocations is written as bpftool
 * writes it: `r1 = map[fd:3]`, `r1 = map[fd:3][0]+16`, `r1 = subprog[+5]`.
 */
export function disassemble(bytes: Uint8Array, options: DisassembleOptions = {}): DisassembledLine[] {
  const code = new CodeView(bytes);
  const lines: DisassembledLine[] = [];
  for (let slot = 0; slot < code.length; ) {
    const insn = decodeAt(code, slot);
    lines.push({ slot, insn, text: textOf(insn, slot, options) });
    slot += insn.nextImm === undefined ? 1 : 2;
  }
  return lines;
}

/** The text of the one instruction at a slot. */
export function disassembleAt(code: CodeView, slot: number, options: DisassembleOptions = {}): string {
  return textOf(decodeAt(code, slot), slot, options);
}

function textOf(insn: Instruction, slot: number, options: DisassembleOptions): string {
  switch (insn.opcode & 0x07) {
    case InsnClass.Alu:
    case InsnClass.Alu64:
      return aluText(insn);
    case InsnClass.Jmp:
    case InsnClass.Jmp32:
      return jumpText(insn, slot, options);
    case InsnClass.Ld:
      return insn.opcode === LD_IMM64 ? wideText(insn) : packetText(insn);
    case InsnClass.Ldx: {
      const sign = (insn.opcode & 0xe0) === MemMode.Memsx ? "s" : "u";
      return `r${insn.dst} = *(${sign}${bitsOf(insn)} *)(${place(insn.src, insn.offset)})`;
    }
    case InsnClass.St:
      return `*(u${bitsOf(insn)} *)(${place(insn.dst, insn.offset)}) = ${hex(insn.imm)}`;
    default:
      if ((insn.opcode & 0xe0) === MemMode.Atomic) return atomicText(insn);
      return `*(u${bitsOf(insn)} *)(${place(insn.dst, insn.offset)}) = r${insn.src}`;
  }
}

function hex(value: number): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

function signedHex(value: number): string {
  return value < 0 ? hex(value) : `+${hex(value)}`;
}

function place(register: number, offset: number): string {
  return `r${register} ${offset < 0 ? "-" : "+"} 0x${Math.abs(offset).toString(16)}`;
}

function bitsOf(insn: Instruction): number {
  return MEMORY_BITS.get(insn.opcode & 0x18) as number;
}

function aluText(insn: Instruction): string {
  const { opcode, offset, imm } = insn;
  const op = opcode & 0xf0;
  const is64 = (opcode & 0x07) === InsnClass.Alu64;
  const isX = (opcode & InsnSource.X) !== 0;
  const r = is64 ? "r" : "w";
  const dst = `${r}${insn.dst}`;
  if (op === AluOp.End) {
    const name = is64 ? "bswap" : isX ? "be" : "le";
    return `r${insn.dst} = ${name}${imm} r${insn.dst}`;
  }
  if (op === AluOp.Neg) return `${dst} = -${dst}`;
  if (op === AluOp.Mov && isX && is64 && offset === ADDR_SPACE_CAST) {
    return `${dst} = addr_space_cast(r${insn.src}, ${hex(imm >> 16)}, ${hex(imm & 0xffff)})`;
  }
  const operand = isX ? `${r}${insn.src}` : hex(imm);
  if (op === AluOp.Mov) return `${dst} = ${offset === 0 ? "" : `(s${offset})`}${operand}`;
  const signed = (op === AluOp.Div || op === AluOp.Mod) && offset === 1 ? "s" : "";
  return `${dst} ${signed}${ALU_SIGNS.get(op)}= ${operand}`;
}

function jumpText(insn: Instruction, slot: number, options: DisassembleOptions): string {
  const { opcode, imm } = insn;
  const op = opcode & 0xf0;
  const is32 = (opcode & 0x07) === InsnClass.Jmp32;
  if (op === JmpOp.Exit) return "exit";
  if (op === JmpOp.Call) return callText(insn, slot, options);
  const target = jumpTarget(insn, slot) as number;
  const name = options.symbol?.(target);
  const goal = `${signedHex(target - slot - 1)}${name === undefined ? "" : ` <${name}>`}`;
  if (op === JmpOp.Ja) return `${is32 ? "gotol" : "goto"} ${goal}`;
  if (op === JmpOp.Jcond) return `may_goto ${goal}`;
  const r = is32 ? "w" : "r";
  const operand = (opcode & InsnSource.X) !== 0 ? `${r}${insn.src}` : hex(imm);
  return `if ${r}${insn.dst} ${JUMP_SIGNS.get(op)} ${operand} goto ${goal}`;
}

function callText(insn: Instruction, slot: number, options: DisassembleOptions): string {
  if (insn.src === PseudoCall.Local) {
    const name = options.symbol?.(slot + insn.imm + 1);
    return `call pc${insn.imm < 0 ? "" : "+"}${insn.imm}${name === undefined ? "" : ` <${name}>`}`;
  }
  if (insn.src === PseudoCall.Kfunc) {
    return insn.offset === 0 ? `call kfunc#${insn.imm}` : `call kfunc#${insn.imm} fd_array ${insn.offset}`;
  }
  return `call ${options.helperName?.(insn.imm) ?? hex(insn.imm)}`;
}

function wideText(insn: Instruction): string {
  const dst = `r${insn.dst}`;
  const next = insn.nextImm ?? 0;
  switch (insn.src) {
    case PseudoLd.Imm64: {
      const value = (BigInt(next) << 32n) | BigInt(insn.imm >>> 0);
      return `${dst} = ${value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`} ll`;
    }
    case PseudoLd.MapFd:
      return `${dst} = map[fd:${insn.imm}]`;
    case PseudoLd.MapIdx:
      return `${dst} = map[idx:${insn.imm}]`;
    case PseudoLd.MapValue:
      return `${dst} = map[fd:${insn.imm}][0]+${next >>> 0}`;
    case PseudoLd.MapIdxValue:
      return `${dst} = map[idx:${insn.imm}][0]+${next >>> 0}`;
    case PseudoLd.BtfId:
      return `${dst} = btf[id:${insn.imm}] module ${next}`;
    default:
      return `${dst} = subprog[${insn.imm < 0 ? "" : "+"}${insn.imm}]${unusedHalf(next)}`;
  }
}

/** The second immediate where the form has no use for it, so that no bit is lost in text. */
function unusedHalf(next: number): string {
  return next === 0 ? "" : ` next ${next}`;
}

function packetText(insn: Instruction): string {
  const bits = bitsOf(insn);
  if ((insn.opcode & 0xe0) === MemMode.Abs) return `r0 = *(u${bits} *)skb[${hex(insn.imm)}]`;
  const more = insn.imm === 0 ? "" : ` ${insn.imm < 0 ? "-" : "+"} 0x${Math.abs(insn.imm).toString(16)}`;
  return `r0 = *(u${bits} *)skb[r${insn.src}${more}]`;
}

function atomicText(insn: Instruction): string {
  const { imm, dst, src, offset } = insn;
  const bits = bitsOf(insn);
  const isWide = (insn.opcode & 0x18) === MemSize.Dw;
  const r = isWide ? "r" : "w";
  const at = place(dst, offset);
  switch (imm) {
    case AtomicOp.LoadAcq:
      return `${r}${dst} = load_acquire((u${bits} *)(${place(src, offset)}))`;
    case AtomicOp.StoreRel:
      return `store_release((u${bits} *)(${at}), ${r}${src})`;
    case AtomicOp.Xchg:
      return `${r}${src} = xchg${isWide ? "" : "32"}_${bits}(${at}, ${r}${src})`;
    case AtomicOp.Cmpxchg:
      return `${r}0 = cmpxchg${isWide ? "" : "32"}_${bits}(${at}, ${r}0, ${r}${src})`;
  }
  const op = imm & ~AtomicOp.Fetch;
  if ((imm & AtomicOp.Fetch) !== 0) {
    return `${r}${src} = atomic_fetch_${ATOMIC_NAMES.get(op)}((u${bits} *)(${at}), ${r}${src})`;
  }
  return `lock *(u${bits} *)(${at}) ${ALU_SIGNS.get(op)}= ${r}${src}`;
}
