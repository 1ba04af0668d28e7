/**
 * The instruction set (RFC 9669 and what Linux added since): decode, encode, check, assemble,
 * disassemble. Imports nothing but errors and `uapi/`.
 */
export { type AssembleOptions, assemble } from "./assembler.js";
export { insn, program } from "./builder.js";
export { checkCode } from "./check-code.js";
export { decode, decodeAt } from "./decode.js";
export {
  type DisassembledLine,
  type DisassembleOptions,
  disassemble,
  disassembleAt,
} from "./disassembler.js";
export { encode, swapCode } from "./encode.js";
export { CodeView, type Instruction, LD_IMM64 } from "./instruction.js";
export { jumpTarget } from "./jump-target.js";
export * from "./opcodes.js";
