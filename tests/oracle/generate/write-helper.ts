import { insn } from "../../../src/asm/index.js";
import { FRAME_POINTER, type FunctionWriter } from "./function-writer.js";
import { LOOKUP_MAPS, ORDERED_MAPS, TARGETS } from "./object-maps.js";
import type { HelperStep } from "./step.js";
import { writeAdjust, writeChecksum, writeCopy, writePacketFact } from "./write-packet-helper.js";

export const MAP_LOOKUP = 1;
const MAP_UPDATE = 2;
const MAP_DELETE = 3;
const TAIL_CALL = 12;
const FOR_EACH_MAP_ELEM = 164;
const LOOP = 181;
/** Programs behind this function are so deep that a tail call's limit on the stack may be exceeded. */
const LAST_TAIL_CALLER = 0;

/** Writes one step that calls a helper or a function. */
export function writeHelper(w: FunctionWriter, step: HelperStep): void {
  switch (step.kind) {
    case "map update": {
      const [first, second] = [w.scalar(step.key + 1), w.scalar(step.key + 2)];
      w.code.emit(
        insn.store("Dw", FRAME_POINTER, w.scratchOffset(8), first),
        insn.store("Dw", FRAME_POINTER, w.scratchOffset(16), second),
      );
      writeKey(w, step.map, step.key);
      w.code.emit(
        insn.mov64Reg(3, FRAME_POINTER),
        insn.alu64Imm("Add", 3, w.scratchOffset(8)),
        insn.mov64Imm(4, step.flags),
        insn.call(MAP_UPDATE),
      );
      w.known.called(true);
      return;
    }
    case "map delete":
      writeKey(w, step.map, step.key);
      w.code.emit(insn.call(MAP_DELETE));
      w.known.called(true);
      return;
    case "checksum":
      writeChecksum(w, step);
      return;
    case "adjust":
      writeAdjust(w, step);
      return;
    case "copy":
      writeCopy(w, step);
      return;
    case "packet fact":
      writePacketFact(w, step);
      return;
    case "tail call":
      writeTailCall(w, step.index);
      return;
    case "call":
      writeCall(w, step);
      return;
    default:
      writeCallback(w, step);
      return;
  }
}

/** r1 is a map, r2 a key on the stack with a number of the program's, small enough to be met again. */
export function writeKey(w: FunctionWriter, map: number, pick: number): void {
  const { name, keys } = LOOKUP_MAPS[map % LOOKUP_MAPS.length];
  const at = w.scratchOffset(0);
  w.code.emit(
    insn.store("W", FRAME_POINTER, at, w.scalar(pick)),
    insn.load("W", 1, FRAME_POINTER, at),
    insn.alu64Imm("And", 1, keys - 1),
    insn.store("W", FRAME_POINTER, at, 1),
  );
  w.loadMap(1, name);
  w.code.emit(insn.mov64Reg(2, FRAME_POINTER), insn.alu64Imm("Add", 2, at));
}

function writeTailCall(w: FunctionWriter, index: number): void {
  // Packet pointers do not outlive a tail call, and callbacks may make none.
  const isAllowed =
    w.context !== undefined &&
    !w.known.hasPacketPointer &&
    (w.kind === "main" || w.kind === "function") &&
    w.index <= LAST_TAIL_CALLER &&
    !w.program.inCallback.has(w.index);
  if (!isAllowed) return;
  w.code.emit(insn.mov64Reg(1, w.context as number));
  w.loadMap(2, TARGETS);
  w.code.emit(insn.mov64Imm(3, index), insn.call(TAIL_CALL));
  w.known.called(false);
}

/** A function behind this one, of a kind that will do; undefined where there is none. */
function chooseFunction(
  w: FunctionWriter,
  pick: number,
  kind: "function" | "loop" | "each",
): number | undefined {
  const fit = w.program.functions
    .map((plan, index) => ({ plan, index }))
    .filter(({ plan, index }) => {
      if (index <= w.index || plan.kind !== kind) return false;
      // Functions with the context may change the packet, and with that all pointers into it.
      return (
        kind !== "function" || !plan.takesContext || (w.context !== undefined && !w.known.hasPacketPointer)
      );
    });
  if (fit.length === 0) return undefined;
  const { index } = fit[pick % fit.length];
  w.program.called.add(index);
  const isInCallback = w.kind === "loop" || w.kind === "each" || w.program.inCallback.has(w.index);
  if (isInCallback || kind !== "function") w.program.inCallback.add(index);
  return index;
}

function writeCall(w: FunctionWriter, step: Extract<HelperStep, { kind: "call" }>): void {
  const index = chooseFunction(w, step.function, "function");
  if (index === undefined) return;
  const { takesContext, numbers, label } = w.program.functions[index];
  const sources = step.args.slice(0, numbers).map((pick) => w.scalar(pick));
  const first = takesContext ? 2 : 1;
  // An argument that is written over before it is read is one of its followers' by then.
  sources.forEach((source, n) => {
    w.code.emit(insn.mov64Reg(first + n, source));
    w.known.set(first + n);
  });
  if (takesContext) w.code.emit(insn.mov64Reg(1, w.context as number));
  w.code.jumpLong(label, insn.callLocal(0));
  w.known.called(true);
}

/** Bytes of the caller's stack that a callback gets. */
export const CALLBACK_FRAME_SIZE = 32;

/**
 * bpf_loop and bpf_for_each_map_elem: the callback gets the data area of this function's stack. Of its
 * numbers the verifier must know nothing: where it does, it follows a callback that adds to one from
 * number to number until it gives up. A byte written alone makes it forget the eight around it.
 */
function writeCallback(
  w: FunctionWriter,
  step: Extract<HelperStep, { kind: "loop callback" | "each" }>,
): void {
  const isLoop = step.kind === "loop callback";
  const index = chooseFunction(w, step.function, isLoop ? "loop" : "each");
  if (index === undefined) return;
  w.fillData();
  for (let at = 0; at < CALLBACK_FRAME_SIZE; at += 8) {
    w.code.emit(insn.storeImm("B", FRAME_POINTER, w.dataOffset(at + 1), at));
  }
  if (isLoop) w.code.emit(insn.mov64Imm(1, step.count % 9));
  else w.loadMap(1, ORDERED_MAPS[step.map % ORDERED_MAPS.length]);
  w.code.jumpLong(w.program.functions[index].label, insn.func(2, 0));
  w.code.emit(
    insn.mov64Reg(3, FRAME_POINTER),
    insn.alu64Imm("Add", 3, w.dataOffset(0)),
    insn.mov64Imm(4, 0),
    insn.call(isLoop ? LOOP : FOR_EACH_MAP_ELEM),
  );
  w.known.called(true);
}
