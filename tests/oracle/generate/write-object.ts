import { CodeView, insn, LD_IMM64, PseudoLd } from "../../../src/asm/index.js";
import type { AssembledObject, MapContent } from "../../../src/testing/index.js";
import { ProgramType } from "../../../src/uapi/index.js";
import { CodeBuffer, label } from "./code-buffer.js";
import { costsOf, MOST_FORKS } from "./forks.js";
import { FunctionWriter, type ProgramState } from "./function-writer.js";
import { GENERATED_CONTENTS, GENERATED_MAPS, TARGETS, VALUE_SIZE } from "./object-maps.js";
import type { Hook, ObjectPlan, ProgramPlan, Step } from "./step.js";
import { writeBlock } from "./write-block.js";
import { CALLBACK_FRAME, writeEnd } from "./write-end.js";
import { CALLBACK_FRAME_SIZE, writeHelper } from "./write-helper.js";
import { writePlain } from "./write-plain.js";

/** A generated object, and what its maps hold at first. */
export interface WrittenObject {
  readonly object: AssembledObject;
  readonly contents: readonly MapContent[];
}

/** Writes an object as its plan says: the same code for the same plan. */
export function writeObject(plan: ObjectPlan): WrittenObject {
  // XDP programs tail-call themselves too.
  const written = plan.programs.map((program, index) =>
    writeProgram(plan.hook, program, plan.hook === "xdp" || index > 0),
  );
  const used = GENERATED_MAPS.filter(({ name }) => written.some(({ maps }) => maps.has(name)));
  const names = written.map((_, index) => `program_${index}`);
  return {
    object: {
      name: "generated",
      programs: written.map(({ code }, index) => ({
        name: names[index],
        type: plan.hook === "xdp" ? ProgramType.Xdp : ProgramType.SchedCls,
        code: renumberMaps(
          code,
          used.map(({ name }) => name),
        ),
      })),
      maps: used.map((map) => {
        if (map.name !== TARGETS) return map;
        // For XDP the last program, which may be itself, and the first one; the other entries are empty.
        const targets = plan.hook === "xdp" ? [names[names.length - 1], names[0]] : names.slice(1);
        return { ...map, values: targets.map((name, index) => ({ index, name })) };
      }),
    },
    contents: GENERATED_CONTENTS.filter(({ map }) => used.some(({ name }) => name === map)),
  };
}

/** Map loads name indices of GENERATED_MAPS; the object has some of those alone. */
function renumberMaps(code: Uint8Array, names: readonly string[]): Uint8Array {
  const view = new CodeView(code);
  for (let slot = 0; slot < view.length; slot += view.isWide(slot) ? 2 : 1) {
    const src = view.src(slot);
    if (view.opcode(slot) !== LD_IMM64 || (src !== PseudoLd.MapIdx && src !== PseudoLd.MapIdxValue)) continue;
    view.setImm(slot, names.indexOf(GENERATED_MAPS[view.imm(slot)].name));
  }
  return code;
}

function writeProgram(
  hook: Hook,
  plan: ProgramPlan,
  isTarget: boolean,
): { code: Uint8Array; maps: ReadonlySet<string> } {
  const state: ProgramState = {
    hook,
    code: new CodeBuffer(),
    functions: plan.functions.map((each) => ({ ...each, label: label() })),
    called: new Set(),
    maps: new Set(),
    costs: costsOf(plan.functions),
    forksLeft: MOST_FORKS,
    isTarget,
  };
  const main = new FunctionWriter(state, -1, "main", true);
  main.code.emit(insn.mov64Reg(6, 1));
  writeSteps(main, plan.body);
  writeEnd(main);
  // Callers come before what they call, so that by now it is known whether a function is called.
  for (const [index, each] of state.functions.entries()) {
    if (state.called.has(index)) writeFunction(state, index, each);
  }
  return { code: state.code.toBytes(), maps: state.maps };
}

function writeFunction(state: ProgramState, index: number, plan: ProgramState["functions"][number]): void {
  const takesContext = plan.kind === "function" && plan.takesContext;
  const w = new FunctionWriter(state, index, plan.kind, takesContext);
  state.code.place(plan.label);
  const write = () => {
    writeSteps(w, plan.body);
    writeEnd(w);
  };
  switch (plan.kind) {
    case "function":
      if (takesContext) w.code.emit(insn.mov64Reg(6, 1));
      for (let n = 0; n < plan.numbers; n++) w.known.set((takesContext ? 2 : 1) + n);
      write();
      return;
    case "loop":
      // r1 is the number of the round, r2 the caller's stack.
      w.known.set(1);
      w.code.emit(insn.mov64Reg(CALLBACK_FRAME, 2));
      w.withPointer({ register: CALLBACK_FRAME, size: CALLBACK_FRAME_SIZE, kind: "frame" }, write);
      return;
    default:
      // r1 is the map, r2 the key, r3 the value, r4 the caller's stack.
      w.code.emit(insn.mov64Reg(CALLBACK_FRAME, 4), insn.mov64Reg(8, 3), insn.mov64Reg(9, 2));
      w.withPointer({ register: CALLBACK_FRAME, size: CALLBACK_FRAME_SIZE, kind: "frame" }, () =>
        w.withPointer({ register: 9, size: 4, kind: "key" }, () =>
          w.withPointer({ register: 8, size: VALUE_SIZE, kind: "value" }, write),
        ),
      );
      return;
  }
}

function writeSteps(w: FunctionWriter, steps: readonly Step[]): void {
  for (const step of steps) {
    switch (step.kind) {
      case "branch":
      case "loop":
      case "packet":
      case "value":
      case "direct value":
        writeBlock(w, step, writeSteps);
        break;
      case "map update":
      case "map delete":
      case "checksum":
      case "adjust":
      case "copy":
      case "packet fact":
      case "tail call":
      case "call":
      case "loop callback":
      case "each":
        writeHelper(w, step);
        break;
      default:
        writePlain(w, step);
    }
  }
}
