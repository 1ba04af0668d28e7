import type { Btf, CoreRelocation } from "../btf/index.js";
import type { AttachType, MapType, ProgramType } from "../uapi/index.js";
import type { Globals } from "./globals.js";

/**
 * What an instruction refers to that only a kernel can fill in. `slot` counts 8-byte slots from the
 * program's start.
 */
export type Reference =
  /** The map itself (64-bit immediate load). */
  | { readonly kind: "map"; readonly slot: number; readonly map: string }
  /** A place in a map's only value: a global variable. */
  | { readonly kind: "map-value"; readonly slot: number; readonly map: string; readonly offset: number }
  /** A call of a kernel function. */
  | ({ readonly kind: "kfunc"; readonly slot: number } & KernelSymbol)
  /** The address of a kernel variable or function. */
  | ({ readonly kind: "ksym"; readonly slot: number } & KernelSymbol);

/** A symbol of the kernel's that an object names (an `extern … __ksym`). */
export interface KernelSymbol {
  /** As the object has it; a function's may end in a flavour, "___v2". */
  readonly name: string;
  /** A weak one that the kernel lacks is null. */
  readonly isWeak: boolean;
  /**
   * Its type in the object's BTF: a function's prototype, a variable's type behind its qualifiers. A
   * variable without one (`void`) is found by its name alone.
   */
  readonly typeId?: number | undefined;
}

/** A function within a program's code. */
export interface FunctionSpec {
  readonly name: string;
  /** Where it starts. */
  readonly slot: number;
  readonly linkage: "static" | "global";
  /** Its Func type in the object's BTF, where there is one. */
  readonly typeId: number | undefined;
}

/** Where the code from `slot` on comes from. */
export interface SourceLine {
  readonly slot: number;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; 0 where unknown. */
  readonly column: number;
  readonly text: string;
}

/** A CO-RE relocation of a program: what `applyCoreRelocations` patches. */
export interface CoreRelocationSpec extends Omit<CoreRelocation, "offset"> {
  readonly slot: number;
}

/** A function with all functions that it calls, directly or not. */
export interface FunctionCode {
  readonly name: string;
  /** Kernel ABI, little endian; what `references` name is not filled in. */
  code: Uint8Array;
  readonly functions: readonly FunctionSpec[];
  readonly lines: readonly SourceLine[];
  readonly references: readonly Reference[];
  readonly coreRelocations: readonly CoreRelocationSpec[];
}

/** A program with all functions that it calls. */
export interface ProgramSpec extends FunctionCode {
  /** Without the "?" of those that are loaded only on demand. */
  readonly section: string;
  type: ProgramType;
  attachType: AttachType | undefined;
  /** What its section names behind the slash. */
  attachTarget: string | undefined;
  isSleepable: boolean;
  /** XDP programs that take packets in several buffers. */
  hasFrags: boolean;
  isAutoloaded: boolean;
}

/** A field of a map's value that belongs to the kernel. */
export interface SpecialFieldSpec {
  readonly kind: "spin_lock" | "timer" | "workqueue" | "kptr" | "refcount" | "list" | "rbtree";
  readonly offset: number;
  readonly size: number;
}

/** A map as the object defines it; sizes in bytes. */
export interface MapSpec {
  readonly name: string;
  type: MapType;
  keySize: number;
  valueSize: number;
  maxEntries: number;
  flags: number;
  mapExtra: bigint;
  numaNode: number | undefined;
  /** Whether it is to be pinned, or found pinned, under its name. */
  isPinnedByName: boolean;
  /** Types of key and value in the object's BTF. */
  keyTypeId: number | undefined;
  valueTypeId: number | undefined;
  /** Fields of the value that belong to the kernel. */
  special: readonly SpecialFieldSpec[];
  /** The shape of inner maps. */
  inner: MapSpec | undefined;
  /**
   * Initial entries of a map of maps or PROG_ARRAY: the name of a map or program for an index; for
   * STRUCT_OPS, the program for the member at that byte.
   */
  values: readonly { readonly index: number; readonly name: string }[];
  /** The initial value of a data section's map, and of STRUCT_OPS. */
  data: Uint8Array | undefined;
  /** The section that it is defined in; with a "?" before it, the map is made only on demand. */
  readonly section: string;
}

/** A variable of the kernel's configuration (an `extern … __kconfig`), a part of the .kconfig map. */
export interface KconfigExtern {
  readonly name: string;
  readonly isWeak: boolean;
  readonly offset: number;
  readonly size: number;
  readonly kind: "bool" | "tristate" | "char" | "int" | "string";
  readonly isSigned: boolean;
}

/** A section of variables that programs do not see. */
export interface MetadataSection {
  readonly name: string;
  readonly data: Uint8Array;
  readonly variables: readonly {
    readonly name: string;
    readonly offset: number;
    readonly size: number;
    readonly isStatic: boolean;
  }[];
}

/** What an object file says: plain data, to be edited before it is loaded. */
export interface ObjectSpec {
  name: string;
  /** The byte order that it was compiled for; code is kept little endian all the same. */
  readonly littleEndian: boolean;
  license: string;
  /** Of the `version` section. */
  readonly kernelVersion: number | undefined;
  readonly programs: readonly ProgramSpec[];
  /** Global functions of `.text` that no program calls: what a library gives to what it is linked with. */
  readonly functions?: readonly FunctionCode[];
  readonly maps: readonly MapSpec[];
  readonly kconfig: readonly KconfigExtern[];
  /** Data for who loads the object (libxdp's `.xdp_run_config`), and the initial content of an arena. */
  readonly metadata?: readonly MetadataSection[];
  readonly btf: Btf | undefined;
  readonly globals: Globals;
}
