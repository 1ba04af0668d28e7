/** From C to a BPF object, through clang. Node only. */
export { type Clang, findClang } from "./clang.js";
export { type CompileResult, compile } from "./compile.js";
export { CompileError, type Diagnostic } from "./diagnostic.js";
export type { CompileOptions } from "./flags.js";
export { SourceError } from "./source-file.js";
