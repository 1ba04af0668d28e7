import { encode, type Instruction, insn } from "../../../src/asm/index.js";

/** A place in the code that jumps and calls go to. */
export interface Label {
  slot: number | undefined;
}

interface Entry {
  readonly slot: number;
  readonly insn: Instruction;
  readonly target?: Label;
  readonly field?: "offset" | "imm";
}

/** Instructions as they are written, with labels that are placed later. */
export class CodeBuffer {
  readonly #entries: Entry[] = [];
  #slot = 0;

  emit(...insns: readonly Instruction[]): void {
    for (const one of insns) this.#add({ slot: this.#slot, insn: one });
  }

  /** A conditional or plain jump, whose offset is the way to the label. */
  jump(to: Label, one: Instruction = insn.ja(0)): void {
    this.#add({ slot: this.#slot, insn: one, target: to, field: "offset" });
  }

  /** gotol, a call, or the address of a function: the immediate is the way to the label. */
  jumpLong(to: Label, one: Instruction = insn.gotol(0)): void {
    this.#add({ slot: this.#slot, insn: one, target: to, field: "imm" });
  }

  place(label: Label): void {
    label.slot = this.#slot;
  }

  #add(entry: Entry): void {
    this.#entries.push(entry);
    this.#slot += entry.insn.nextImm === undefined ? 1 : 2;
  }

  toBytes(): Uint8Array {
    return encode(
      this.#entries.map(({ slot, insn: one, target, field }) => {
        if (target === undefined || field === undefined) return one;
        if (target.slot === undefined) throw new Error("a label was not placed");
        return { ...one, [field]: target.slot - slot - 1 };
      }),
    );
  }
}

export function label(): Label {
  return { slot: undefined };
}
