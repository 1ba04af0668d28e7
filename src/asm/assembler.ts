import { InstructionError } from "../errors.js";
import { encode } from "./encode.js";
import type { Instruction } from "./instruction.js";
import { type LabelUse, type Names, parseInstruction } from "./parse-instruction.js";

export interface AssembleOptions extends Names {}

/** An instruction whose jump or call still names a label. */
interface Statement {
  readonly line: number;
  readonly slot: number;
  readonly insn: Instruction;
  readonly label: LabelUse | undefined;
}

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|(?<=^|\s)#[^\n]*/gm;
const LABEL = /^\s*([A-Za-z_.$][\w.$]*):/;

/**
 * Assembly text in LLVM's syntax, one instruction a line or several divided by `;`, as code (8 bytes
 * a slot, little endian). Jumps and calls take labels (`name:`) or distances (`goto +3`), and
 * `r2 = name ll` the address of a map or function.
 *
 * What `disassemble` prints is read back to the same code. Throws InstructionError with the line.
 */
export function assemble(text: string, options: AssembleOptions = {}): Uint8Array {
  const statements: Statement[] = [];
  const labels = new Map<string, number>();
  let slot = 0;
  const withoutComments = text.replace(COMMENT, (comment) => comment.replace(/[^\n]/g, " "));
  withoutComments.split("\n").forEach((content, index) => {
    const line = index + 1;
    for (let part of content.split(";")) {
      for (let match = LABEL.exec(part); match !== null; match = LABEL.exec(part)) {
        if (labels.has(match[1])) throw new InstructionError(`label ${match[1]} is defined twice`, { line });
        labels.set(match[1], slot);
        part = part.slice(match[0].length);
      }
      const source = part.trim();
      if (source === "") continue;
      const { insn, label } = parseInstruction(source, line, options);
      statements.push({ line, slot, insn, label });
      slot += insn.nextImm === undefined ? 1 : 2;
    }
  });
  return encode(statements.map((statement) => resolveLabel(statement, labels)));
}

function resolveLabel(statement: Statement, labels: ReadonlyMap<string, number>): Instruction {
  const { insn, label, line, slot } = statement;
  if (label === undefined) return insn;
  const target = labels.get(label.name);
  if (target === undefined) throw new InstructionError(`no label ${label.name}`, { line });
  const distance = target - slot - 1;
  if (label.field === "imm") return { ...insn, imm: distance };
  if (distance < -32768 || distance > 32767) {
    throw new InstructionError(`label ${label.name} is ${distance} slots away: use gotol`, { line });
  }
  return { ...insn, offset: distance };
}
