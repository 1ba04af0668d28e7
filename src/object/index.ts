/**
 * Objects: what an ELF file of clang's says, as plain and editable data. Imports `elf/`, `btf/`,
 * `asm/`, `uapi/` and errors.
 */
export { type DataStore, Globals, type GlobalVariable } from "./globals.js";
export { instantiate, type ReferenceResolver } from "./instantiate.js";
export { type KernelConfig, resolveKconfig } from "./kconfig.js";
export type {
  CoreRelocationSpec,
  FunctionSpec,
  KconfigExtern,
  MapSpec,
  ObjectSpec,
  ProgramSpec,
  Reference,
  SourceLine,
  SpecialFieldSpec,
} from "./object-spec.js";
export { type ParseOptions, parseObject } from "./parse-object.js";
export { type SectionKind, sectionKind } from "./section-names.js";
export { type RawMap, TypedMap } from "./typed-map.js";
