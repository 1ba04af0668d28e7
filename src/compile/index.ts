/** From C to a BPF object, through clang. Node only. */
export { type Clang, findClang } from "./clang.js";
export { type CompileOptions, type CompileResult, compile } from "./compile.js";
export { CompileError, type Diagnostic } from "./diagnostic.js";
