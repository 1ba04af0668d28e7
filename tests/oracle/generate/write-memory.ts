import { AtomicOp, type Instruction, insn } from "../../../src/asm/index.js";
import { FRAME_POINTER, type FunctionWriter } from "./function-writer.js";
import type { Pointer } from "./knowledge.js";
import type { AtomicName, PlainStep, SizeName } from "./step.js";

type MemoryStep = Extract<PlainStep, { kind: "load" | "store" | "atomic" | "variable" | "spill" }>;

const BYTES: Readonly<Record<SizeName, number>> = { B: 1, H: 2, W: 4, Dw: 8 };
const OPS: Readonly<Record<AtomicName, number>> = {
  add: AtomicOp.Add,
  or: AtomicOp.Or,
  and: AtomicOp.And,
  xor: AtomicOp.Xor,
  fetch_add: AtomicOp.Add | AtomicOp.Fetch,
  fetch_or: AtomicOp.Or | AtomicOp.Fetch,
  fetch_and: AtomicOp.And | AtomicOp.Fetch,
  fetch_xor: AtomicOp.Xor | AtomicOp.Fetch,
  xchg: AtomicOp.Xchg,
  cmpxchg: AtomicOp.Cmpxchg,
  load_acquire: AtomicOp.LoadAcq,
  store_release: AtomicOp.StoreRel,
};

/** Memory that a step may access: the stack, or what a pointer in scope reaches. */
interface Memory {
  readonly register: number;
  /** Offset from the register of its first byte. */
  readonly start: number;
  readonly size: number;
  readonly kind: Pointer["kind"] | "stack";
}

function memories(w: FunctionWriter): Memory[] {
  const { stackSize } = w.known;
  const stack = {
    register: FRAME_POINTER,
    start: -stackSize,
    size: stackSize,
    kind: "stack",
  } as const;
  // The newest pointer comes first: what a scope was opened for is what is used most.
  return [...w.known.pointers.map((pointer) => ({ ...pointer, start: 0 })).reverse(), stack];
}

const isStack = (memory: Memory): boolean => memory.kind === "stack" || memory.kind === "frame";

/** Some memory of those that will do; undefined where none does. */
function choose(w: FunctionWriter, pick: number, isFit: (memory: Memory) => boolean): Memory | undefined {
  const fit = memories(w).filter(isFit);
  return fit.length === 0 ? undefined : fit[pick % fit.length];
}

/** An offset for an access: anywhere, but a multiple of the width where it must be aligned. */
function place(memory: Memory, pick: number, bytes: number, mustAlign: boolean): number {
  const step = mustAlign || isStack(memory) ? bytes : 1;
  return (pick % (Math.floor((memory.size - bytes) / step) + 1)) * step;
}

export function writeMemory(w: FunctionWriter, step: MemoryStep): void {
  switch (step.kind) {
    case "load":
      writeLoad(w, step);
      return;
    case "store":
      writeStore(w, step);
      return;
    case "atomic":
      writeAtomic(w, step);
      return;
    case "variable":
      writeVariable(w, step);
      return;
    default:
      writeSpill(w, step.memory);
      return;
  }
}

function writeLoad(w: FunctionWriter, step: Extract<MemoryStep, { kind: "load" }>): void {
  const bytes = BYTES[step.size];
  const memory = choose(w, step.memory, ({ size }) => size >= bytes);
  if (memory === undefined) return;
  const offset = place(memory, step.offset, bytes, false);
  if (memory.kind === "stack" && !w.known.isWritten(offset, bytes)) w.fillData();
  const dst = w.destination(step.dst);
  const at = memory.start + offset;
  w.code.emit(
    step.isSigned && step.size !== "Dw"
      ? insn.loadSigned(step.size, dst, memory.register, at)
      : insn.load(step.size, dst, memory.register, at),
  );
  w.known.set(dst);
}

function writeStore(w: FunctionWriter, step: Extract<MemoryStep, { kind: "store" }>): void {
  const bytes = BYTES[step.size];
  const memory = choose(w, step.memory, ({ size, kind }) => size >= bytes && kind !== "key");
  if (memory === undefined) return;
  const offset = place(memory, step.offset, bytes, false);
  const src = w.operand(step.src);
  const at = memory.start + offset;
  w.code.emit(
    src.kind === "register"
      ? insn.store(step.size, memory.register, at, src.register)
      : insn.storeImm(step.size, memory.register, at, src.imm),
  );
  if (memory.kind === "stack") w.known.write(offset, bytes);
}

function writeAtomic(w: FunctionWriter, step: Extract<MemoryStep, { kind: "atomic" }>): void {
  const size = step.isWide ? "Dw" : "W";
  // Linux takes no atomic operations on packets (kernel/bpf/verifier.c, atomic_ptr_type_ok).
  const memory = choose(
    w,
    step.memory,
    ({ kind, size: length }) => kind !== "packet" && kind !== "key" && length >= BYTES[size],
  );
  if (memory === undefined) return;
  const offset = place(memory, step.offset, BYTES[size], true);
  if (memory.kind === "stack" && !w.known.isWritten(offset, BYTES[size])) w.fillData();
  const at = memory.start + offset;
  if (step.op === "load_acquire") {
    const dst = w.destination(step.src);
    w.code.emit(insn.atomic(size, OPS[step.op], dst, at, memory.register));
    w.known.set(dst);
    return;
  }
  if (step.op === "cmpxchg" && !w.known.isScalar(0)) {
    w.code.emit(insn.mov64Imm(0, step.offset));
    w.known.set(0);
  }
  const src = w.scalar(step.src);
  if (isStack(memory) && (OPS[step.op] & AtomicOp.Fetch) !== 0) forgetSlot(w, memory, at, step.offset);
  w.code.emit(insn.atomic(size, OPS[step.op], memory.register, at, src));
}

/**
 * Makes the verifier forget what number a stack slot holds, by writing one byte of it. Where it knows
 * the number that an atomic operation fetches, Linux 6.18 takes branches for decided that are not:
 * backtrack_insn of kernel/bpf/verifier.c does not see that such an operation sets a register, so that
 * a state with another number there passes for the same.
 */
function forgetSlot(w: FunctionWriter, memory: Memory, at: number, value: number): void {
  w.code.emit(insn.storeImm("B", memory.register, at + 1, value));
}

/**
 * `memory[index & mask]`: the verifier knows from the mask that it is within. The number is added to the
 * pointer, not the pointer to the number: of a sum of the latter kind, Linux 6.18 takes a function's
 * stack for the main one's (kernel/bpf/verifier.c, adjust_ptr_min_max_vals leaves frameno as it was).
 */
function writeVariable(w: FunctionWriter, step: Extract<MemoryStep, { kind: "variable" }>): void {
  const bytes = BYTES[step.size];
  const memory = choose(
    w,
    step.memory,
    ({ kind, size }) =>
      kind !== "packet" && kind !== "frame" && size >= bytes * 2 && !(step.isStore && kind === "key"),
  );
  if (memory === undefined) return;
  if (memory.kind === "stack") w.fillData();
  const index = w.scalar(step.index);
  const src = w.scalar(step.register);
  const [offset, at] = w.known.temporaries(2, [index, src]);
  const mask = 2 ** Math.floor(Math.log2(memory.size - bytes + 1)) - 1;
  const aligned = isStack(memory) ? mask & -bytes : mask;
  const access: Instruction = step.isStore
    ? insn.store(step.size, at, memory.start, src)
    : insn.load(step.size, at, at, memory.start);
  w.code.emit(
    insn.mov64Reg(offset, index),
    insn.alu64Imm("And", offset, aligned),
    insn.mov64Reg(at, memory.register),
    insn.alu64Reg("Add", at, offset),
    access,
  );
  w.known.set(offset);
  if (!step.isStore) w.known.set(at);
}

function writeSpill(w: FunctionWriter, pick: number): void {
  const memory = choose(w, pick, ({ kind }) => kind !== "stack");
  if (memory === undefined) return;
  const at = w.scratchOffset(24);
  w.code.emit(
    insn.store("Dw", FRAME_POINTER, at, memory.register),
    insn.load("Dw", memory.register, FRAME_POINTER, at),
  );
}
