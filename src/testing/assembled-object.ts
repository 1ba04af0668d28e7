import {
  assemble,
  CodeView,
  checkCode,
  decodeAt,
  InsnClass,
  JmpOp,
  LD_IMM64,
  PseudoCall,
  PseudoLd,
} from "../asm/index.js";
import { Btf } from "../btf/index.js";
import { SyntaxProblem } from "../errors.js";
import { helperByName } from "../helpers/index.js";
import {
  Globals,
  type MapSpec,
  type ObjectSpec,
  type ProgramSpec,
  type Reference,
  type SpecialFieldSpec,
} from "../object/index.js";
import { type AttachType, type MapType, ProgramType } from "../uapi/index.js";
import { type TableMember, TypeTable } from "./type-table.js";

/** A program given as text or code. */
export interface AssembledProgram {
  readonly name: string;
  /** XDP by default. */
  readonly type?: ProgramType;
  readonly attachType?: AttachType;
  readonly hasFrags?: boolean;
  /**
   * Assembly text (`assemble`): maps by name (`r1 = counters ll`, `r1 = counters[0]+8 ll` for a place
   * in a map's first value), helpers by name (`call map_lookup_elem`), kernel functions as
   * `call kfunc#N`, N being an index into `kfuncs`. Or code, with map[idx:N] loads for the N-th map.
   */
  readonly code: string | Uint8Array;
  readonly kfuncs?: readonly string[];
}

/** A map; sizes in bytes. */
export interface AssembledMap {
  readonly name: string;
  readonly type: MapType;
  /** 4 by default. */
  readonly keySize?: number;
  /** 8 by default. */
  readonly valueSize?: number;
  /** 1 by default. */
  readonly maxEntries?: number;
  readonly flags?: number;
  readonly mapExtra?: bigint;
  readonly inner?: AssembledMap;
  /** Fields of the value that belong to the kernel: spin locks and timers. */
  readonly special?: readonly SpecialFieldSpec[];
  /** Initial entries of a map of maps or PROG_ARRAY: the name of a map or program for an index. */
  readonly values?: readonly { readonly index: number; readonly name: string }[];
}

export interface AssembledObject {
  readonly name?: string;
  /** "GPL" by default. */
  readonly license?: string;
  readonly programs: readonly AssembledProgram[];
  readonly maps?: readonly AssembledMap[];
}

/** The helper bpf_tail_call. */
const TAIL_CALL = 12;

const KERNEL_STRUCTS: Partial<Record<SpecialFieldSpec["kind"], readonly [name: string, size: number]>> = {
  spin_lock: ["bpf_spin_lock", 4],
  timer: ["bpf_timer", 16],
};

/**
 * An object from assembly text and map definitions, to be loaded into any kernel: for programs
 * that are too small for a C file. Throws InstructionError for text that is no program, and
 * SyntaxProblem for references to what the object does not have.
 */
export function assembledObject(object: AssembledObject): ObjectSpec {
  const types = new TypeTable();
  const mapNames = (object.maps ?? []).map((map) => map.name);
  const maps = (object.maps ?? []).map((map) => mapSpec(map, types));
  const programs = object.programs.map((program) => programSpec(program, mapNames, types));
  const btf = types.isEmpty ? undefined : Btf.parse(types.bytes());
  return {
    name: object.name ?? "assembled",
    littleEndian: true,
    license: object.license ?? "GPL",
    kernelVersion: undefined,
    programs,
    maps,
    kconfig: [],
    btf,
    globals: new Globals([], btf, true, { read: noGlobals, write: noGlobals }),
  };
}

function noGlobals(): never {
  throw new SyntaxProblem("an assembled object has no global variables");
}

function mapSpec(map: AssembledMap, types: TypeTable): MapSpec {
  const valueSize = map.valueSize ?? 8;
  const special = map.special ?? [];
  return {
    name: map.name,
    type: map.type,
    keySize: map.keySize ?? 4,
    valueSize,
    maxEntries: map.maxEntries ?? 1,
    flags: map.flags ?? 0,
    mapExtra: map.mapExtra ?? 0n,
    numaNode: undefined,
    isPinnedByName: false,
    keyTypeId: special.length === 0 ? undefined : keyType(map.keySize ?? 4, types),
    valueTypeId: special.length === 0 ? undefined : valueStruct(map.name, valueSize, special, types),
    special,
    inner: map.inner === undefined ? undefined : mapSpec(map.inner, types),
    values: map.values ?? [],
    data: undefined,
    section: ".maps",
  };
}

/** Arrays want a number for their key (kernel/bpf/arraymap.c, array_map_check_btf). */
function keyType(size: number, types: TypeTable): number {
  return size === 4 ? types.int("unsigned int", 4, false) : types.bytesOf(size);
}

/** A struct with the kernel's fields where they are wanted, and bytes between them. */
function valueStruct(
  name: string,
  size: number,
  special: readonly SpecialFieldSpec[],
  types: TypeTable,
): number {
  const members: TableMember[] = [];
  let end = 0;
  const fillTo = (offset: number) => {
    if (offset > end) {
      members.push({ name: `bytes_${end}`, type: types.bytesOf(offset - end), offset: end });
    }
    end = offset;
  };
  for (const { kind, offset } of special) {
    const struct = KERNEL_STRUCTS[kind];
    if (struct === undefined)
      throw new SyntaxProblem(`map ${name}: an assembled object has no ${kind} fields`);
    const [structName, structSize] = struct;
    fillTo(offset);
    const content =
      structSize === 4
        ? { name: "val", type: types.int("unsigned int", 4, false), offset: 0 }
        : { name: "opaque", type: types.bytesOf(structSize), offset: 0 };
    members.push({ name: kind, type: types.struct(structName, structSize, [content]), offset });
    end = offset + structSize;
  }
  fillTo(size);
  return types.struct(name, size, members);
}

function programSpec(program: AssembledProgram, mapNames: readonly string[], types: TypeTable): ProgramSpec {
  const code = typeof program.code === "string" ? assembleText(program.code, mapNames) : program.code.slice();
  const starts = checkCode(code);
  const view = new CodeView(code);
  const references: Reference[] = [];
  let needsTypes = false;
  for (let slot = 0; slot < view.length; slot += view.isWide(slot) ? 2 : 1) {
    const reference = referenceAt(view, slot, program, mapNames);
    if (reference !== undefined) references.push(reference);
    needsTypes ||= starts.length > 1 && isForTypedFunctions(view, slot);
  }
  return {
    name: program.name,
    section: "",
    type: program.type ?? ProgramType.Xdp,
    attachType: program.attachType,
    attachTarget: undefined,
    isSleepable: false,
    hasFrags: program.hasFrags ?? false,
    isAutoloaded: true,
    code,
    functions: starts.map((slot, index) => ({
      name: index === 0 ? program.name : `${program.name}_${index}`,
      slot,
      linkage: index === 0 ? "global" : "static",
      // Without types loading is faster.
      typeId: !needsTypes
        ? undefined
        : index === 0
          ? types.func(program.name, "global")
          : types.func(`${program.name}_${index}`, "static"),
    })),
    lines: [],
    references,
    coreRelocations: [],
  };
}

function assembleText(text: string, mapNames: readonly string[]): Uint8Array {
  return assemble(text, {
    helperId: (name) => helperByName(name.startsWith("bpf_") ? name : `bpf_${name}`)?.id,
    mapIndex: (name) => (mapNames.includes(name) ? mapNames.indexOf(name) : undefined),
  });
}

/**
 * Whether Linux takes the instruction only in functions whose types it knows: callbacks, and what may
 * end a function early (kernel/bpf/verifier.c, check_ld_imm and check_abnormal_return).
 */
function isForTypedFunctions(view: CodeView, slot: number): boolean {
  const { opcode, src, imm } = decodeAt(view, slot);
  if (opcode === LD_IMM64) return src === PseudoLd.Func;
  if ((opcode & 0x07) === InsnClass.Ld) return true;
  return opcode === (InsnClass.Jmp | JmpOp.Call) && src === PseudoCall.Helper && imm === TAIL_CALL;
}

/** What the instruction at a slot refers to; its fields are for the kernel to fill in. */
function referenceAt(
  view: CodeView,
  slot: number,
  program: AssembledProgram,
  mapNames: readonly string[],
): Reference | undefined {
  const { opcode, src, imm, nextImm } = decodeAt(view, slot);
  if (opcode === LD_IMM64 && (src === PseudoLd.MapIdx || src === PseudoLd.MapIdxValue)) {
    const map = mapNames[imm];
    if (map === undefined) throw new SyntaxProblem(`program ${program.name}: there is no map ${imm}`);
    return src === PseudoLd.MapIdx
      ? { kind: "map", slot, map }
      : { kind: "map-value", slot, map, offset: nextImm ?? 0 };
  }
  if (opcode === (InsnClass.Jmp | JmpOp.Call) && src === PseudoCall.Kfunc) {
    const name = program.kfuncs?.[imm];
    if (name === undefined) throw new SyntaxProblem(`program ${program.name}: there is no kfunc ${imm}`);
    return { kind: "kfunc", slot, name, isWeak: false };
  }
  return undefined;
}
