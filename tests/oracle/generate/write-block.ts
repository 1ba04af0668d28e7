import { insn } from "../../../src/asm/index.js";
import { label } from "./code-buffer.js";
import { PACKET_FIELDS } from "./context-fields.js";
import { type Counter, FRAME_POINTER, type FunctionWriter, type WriteSteps } from "./function-writer.js";
import { GLOBALS, GLOBALS_SIZE, LOOKUP_MAPS, VALUE_SIZE } from "./object-maps.js";
import type { BlockStep, Condition } from "./step.js";
import { writeEnd } from "./write-end.js";
import { MAP_LOOKUP, writeKey } from "./write-helper.js";

/** The most that a register adds to the packet's start. */
const INDEX_MASK = 31;

/** Writes one step that has steps in it. */
export function writeBlock(w: FunctionWriter, step: BlockStep, writeSteps: WriteSteps): void {
  switch (step.kind) {
    case "branch":
      writeBranch(w, step, writeSteps);
      return;
    case "loop":
      w.repeat(step.count, (count, counter) => {
        if (counter === undefined) writeSteps(w, step.body);
        else writeLoop(w, { ...step, count }, counter, writeSteps);
      });
      return;
    case "packet":
      writePacket(w, step, writeSteps);
      return;
    case "value":
      writeValue(w, step, writeSteps);
      return;
    default: {
      const register = w.known.freeSaved;
      if (register === undefined) {
        writeSteps(w, step.body);
        return;
      }
      const offset = step.offset % (GLOBALS_SIZE - 16);
      const aligned = offset & -8;
      w.loadMapValue(register, GLOBALS, aligned);
      const pointer = { register, size: GLOBALS_SIZE - aligned, kind: "value" } as const;
      w.withPointer(pointer, () => writeSteps(w, step.body));
      return;
    }
  }
}

function conditionalJump(w: FunctionWriter, { op, isWide, left, right }: Condition) {
  const register = w.scalar(left);
  const operand = w.operand(right);
  if (operand.kind === "register") {
    return isWide
      ? insn.jumpReg(op, register, operand.register, 0)
      : insn.jump32Reg(op, register, operand.register, 0);
  }
  return isWide ? insn.jumpImm(op, register, operand.imm, 0) : insn.jump32Imm(op, register, operand.imm, 0);
}

function writeBranch(
  w: FunctionWriter,
  step: Extract<BlockStep, { kind: "branch" }>,
  writeSteps: WriteSteps,
): void {
  if (!w.mayFork(1)) {
    writeSteps(w, step.taken);
    return;
  }
  const otherwise = label();
  const end = label();
  w.code.jump(otherwise, conditionalJump(w, step.condition));
  const atStart = w.known.copy();
  writeSteps(w, step.taken);
  if (step.returns) writeEnd(w);
  else w.code.jump(end);
  const afterTaken = w.known;
  w.code.place(otherwise);
  w.known = atStart;
  writeSteps(w, step.otherwise);
  w.code.place(end);
  if (!step.returns) w.known.meet(afterTaken);
}

function writeLoop(
  w: FunctionWriter,
  step: Extract<BlockStep, { kind: "loop" }>,
  counter: Counter,
  writeSteps: WriteSteps,
): void {
  const again = label();
  const end = label();
  if (counter.register === undefined) {
    w.code.emit(insn.storeImm("Dw", FRAME_POINTER, counter.offset, 0));
  } else {
    w.code.emit(insn.mov64Imm(counter.register, 0));
  }
  w.code.place(again);
  const atStart = w.known.copy();
  const wasInMayGoto = w.isInMayGoto;
  const hasMayGoto = step.hasMayGoto && w.kind === "main";
  if (hasMayGoto) {
    w.isInMayGoto = true;
    w.code.jump(end, insn.mayGoto(0));
  }
  writeSteps(w, step.body);
  w.isInMayGoto = wasInMayGoto;
  // The next round begins with the numbers that the first began with.
  for (const register of atStart.scalars) {
    if (!w.known.isScalar(register)) w.code.emit(insn.mov64Imm(register, register + 11));
  }
  w.known = atStart;
  const count = countUp(w, counter);
  const more = insn.jumpImm("Jlt", count, step.count, 0);
  if (step.isLong) {
    const out = label();
    w.code.jump(out, insn.jumpImm("Jge", count, step.count, 0));
    w.code.jumpLong(again);
    w.code.place(out);
  } else {
    w.code.jump(again, more);
  }
  if (counter.register === undefined) w.known.forget(count);
  w.code.place(end);
}

/** Adds one to a loop's count; the register that holds it then. */
function countUp(w: FunctionWriter, counter: Counter): number {
  if (counter.register !== undefined) {
    w.code.emit(insn.alu64Imm("Add", counter.register, 1));
    return counter.register;
  }
  // A register that the next round does not need; where all are numbers, one that it sets anew.
  const [register] = [0, 1, 2, 3, 4, 5].filter((n) => !w.known.isScalar(n));
  if (register === undefined) throw new Error("a loop's count needs a register");
  w.code.emit(
    insn.load("Dw", register, FRAME_POINTER, counter.offset),
    insn.alu64Imm("Add", register, 1),
    insn.store("Dw", FRAME_POINTER, counter.offset, register),
  );
  return register;
}

function writePacket(
  w: FunctionWriter,
  step: Extract<BlockStep, { kind: "packet" }>,
  writeSteps: WriteSteps,
): void {
  const register = w.known.freeSaved;
  const { context } = w;
  if (register === undefined || context === undefined || !w.mayFork(1)) {
    writeSteps(w, step.body);
    return;
  }
  const index = w.operand(step.index);
  const keep = index.kind === "register" ? [index.register] : [];
  const fields = PACKET_FIELDS[w.hook];
  const [end, last] = w.known.temporaries(2, keep);
  w.known.take(register);
  const skip = label();
  w.code.emit(
    insn.load("W", register, context, step.isMetadata ? fields.dataMeta : fields.data),
    insn.load("W", end, context, step.isMetadata ? fields.data : fields.dataEnd),
  );
  // The register that the pointer went to may have been the index.
  if (index.kind === "register" && index.register !== register) {
    w.code.emit(
      insn.mov64Reg(last, index.register),
      insn.alu64Imm("And", last, INDEX_MASK),
      insn.alu64Reg("Add", register, last),
    );
  }
  w.code.emit(insn.mov64Reg(last, register), insn.alu64Imm("Add", last, step.length));
  w.code.jump(skip, insn.jumpReg("Jgt", last, end, 0));
  const atSkip = w.known.copy();
  w.withPointer({ register, size: step.length, kind: "packet" }, () => writeSteps(w, step.body));
  w.code.place(skip);
  w.known.meet(atSkip);
}

function writeValue(
  w: FunctionWriter,
  step: Extract<BlockStep, { kind: "value" }>,
  writeSteps: WriteSteps,
): void {
  const register = w.known.freeSaved;
  if (register === undefined || !w.mayFork(1)) {
    writeSteps(w, step.body);
    return;
  }
  const { name } = LOOKUP_MAPS[step.map % LOOKUP_MAPS.length];
  const skip = label();
  writeKey(w, step.map, step.key);
  w.code.emit(insn.call(MAP_LOOKUP));
  w.known.called(false);
  w.program.maps.add(name);
  w.known.take(register);
  w.code.jump(skip, insn.jumpImm("Jeq", 0, 0, 0));
  w.code.emit(insn.mov64Reg(register, 0));
  const atSkip = w.known.copy();
  w.withPointer({ register, size: VALUE_SIZE, kind: "value" }, () => writeSteps(w, step.body));
  w.code.place(skip);
  w.known.meet(atSkip);
}
