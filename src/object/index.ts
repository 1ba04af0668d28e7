/**
 * Objects: what an ELF file of clang's says, as plain and editable data. Imports `elf/`, `btf/`,
 * `asm/`, `uapi/` and errors.
 */
export { chosenPrograms, mapsOf } from "./chosen-programs.js";
export { contextType } from "./context-type.js";
export { CoreRelocator, relocateCore } from "./core/core-relocator.js";
export type { CoreModule, CoreTarget } from "./core/core-target.js";
export { POISON_HELPER } from "./core/patch-instruction.js";
export { CoreRelocationKind } from "./core/relocation-kind.js";
export { type DataStore, Globals, type GlobalVariable } from "./globals.js";
export { instantiate, MISSING_KFUNC, type ReferenceResolver } from "./instantiate.js";
export { type KernelConfig, resolveKconfig } from "./kconfig.js";
export { isReadOnlySection, kernelMapName, kernelName, objectName } from "./kernel-names.js";
export {
  type LinkInput,
  linkObjectFiles,
  linkObjects,
  type NamedObject,
} from "./link/link-objects.js";
export type {
  CoreRelocationSpec,
  FunctionCode,
  FunctionSpec,
  KconfigExtern,
  KernelSymbol,
  MapSpec,
  MetadataSection,
  ObjectSpec,
  ProgramSpec,
  Reference,
  SourceLine,
  SpecialFieldSpec,
} from "./object-spec.js";
export { type ParseOptions, parseObject } from "./parse-object.js";
export { type SectionKind, sectionKind } from "./section-names.js";
export { type RawMap, TypedMap } from "./typed-map.js";
export { writeObject } from "./write/write-object.js";
