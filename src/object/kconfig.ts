import { type Btf, BtfKind } from "../btf/index.js";
import { NotSupportedError, ObjectFormatError } from "../errors.js";
import { MapFlag, MapType } from "../uapi/index.js";
import type { ObjectFile } from "./object-file.js";
import type { KconfigExtern, MapSpec, ObjectSpec } from "./object-spec.js";

/** The externs of `.kconfig`, laid out one after another by size and alignment. */
export function readKconfig(file: ObjectFile): KconfigExtern[] {
  const { btf } = file;
  const datasecId = btf?.find(".kconfig", BtfKind.Datasec);
  const datasec = datasecId === undefined ? undefined : btf?.type(datasecId);
  if (btf === undefined || datasec?.kind !== BtfKind.Datasec) return [];
  let offset = 0;
  return datasec.variables.map(({ type }) => {
    const variable = btf.type(type);
    if (variable.kind !== BtfKind.Var)
      throw new ObjectFormatError(`type ${type} is no variable`, { section: ".kconfig" });
    const size = btf.sizeOf(type);
    const align = btf.alignOf(type);
    offset = Math.ceil(offset / align) * align;
    const symbol = file.elf.symbols.find((entry) => entry.section === 0 && entry.name === variable.name);
    const entry = {
      name: variable.name,
      isWeak: symbol?.binding === "weak",
      offset,
      size,
      ...kindOf(btf, type),
    };
    offset += size;
    return entry;
  });
}

function kindOf(btf: Btf, typeId: number): { kind: KconfigExtern["kind"]; isSigned: boolean } {
  const variable = btf.type(typeId);
  const type = btf.resolved(variable.kind === BtfKind.Var ? variable.type : typeId);
  if (type.kind === BtfKind.Int) {
    if (type.encoding.bool) return { kind: "bool", isSigned: false };
    return { kind: type.size === 1 ? "char" : "int", isSigned: type.encoding.signed };
  }
  if (type.kind === BtfKind.Enum && type.name === "libbpf_tristate")
    return { kind: "tristate", isSigned: false };
  if (type.kind === BtfKind.Array) return { kind: "string", isSigned: false };
  throw new ObjectFormatError(`variable ${btf.name(typeId)} is neither number, truth value nor text`, {
    section: ".kconfig",
  });
}

/** The map that holds them. */
export function kconfigMap(externs: readonly KconfigExtern[]): MapSpec | undefined {
  const last = externs.at(-1);
  if (last === undefined) return undefined;
  const valueSize = last.offset + last.size;
  return {
    name: ".kconfig",
    type: MapType.Array,
    keySize: 4,
    valueSize,
    maxEntries: 1,
    flags: MapFlag.Mmapable | MapFlag.RdonlyProg,
    mapExtra: 0n,
    numaNode: undefined,
    isPinnedByName: false,
    keyTypeId: undefined,
    valueTypeId: undefined,
    special: [],
    inner: undefined,
    values: [],
    data: new Uint8Array(valueSize),
    section: ".kconfig",
  };
}

/** What a kernel says of itself: lines of its configuration, and facts that no line has. */
export interface KernelConfig {
  /** LINUX_KERNEL_VERSION: major << 16 | minor << 8 | patch. */
  readonly version: number;
  /** Text of a kernel's configuration: "CONFIG_BPF=y" and so on. */
  readonly text?: string;
}

const TRISTATE = { n: 0, y: 1, m: 2 } as const;

/**
 * Gives the externs of `.kconfig` their values, in the map's data. Throws NotSupportedError for a
 * strong one that the configuration does not have.
 */
export function resolveKconfig(spec: ObjectSpec, config: KernelConfig): void {
  const data = spec.maps.find((map) => map.name === ".kconfig")?.data;
  if (data === undefined) return;
  const lines = new Map(
    [...(config.text ?? "").matchAll(/^(CONFIG_\w+)=(.*)$/gm)].map((match) => [match[1], match[2].trim()]),
  );
  for (const extern of spec.kconfig) {
    const value = configured(extern, lines, config);
    if (value === undefined) {
      if (extern.isWeak) continue;
      throw new NotSupportedError(
        `kernel configuration ${extern.name}`,
        `the program needs ${extern.name}, which this kernel's configuration does not have`,
      );
    }
    data.set(encode(extern, value, spec.littleEndian), extern.offset);
  }
}

function configured(
  extern: KconfigExtern,
  lines: ReadonlyMap<string, string>,
  config: KernelConfig,
): string | bigint | undefined {
  if (extern.name === "LINUX_KERNEL_VERSION") return BigInt(config.version);
  // Both features of kernels that libbpf probes are there since 5.15 and 5.17.
  if (extern.name === "LINUX_HAS_BPF_COOKIE" || extern.name === "LINUX_HAS_SYSCALL_WRAPPER") return 1n;
  return lines.get(extern.name);
}

function encode(extern: KconfigExtern, value: string | bigint, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(extern.size);
  const fail = (): never => {
    throw new ObjectFormatError(`${extern.name}=${value} does not fit a variable of kind ${extern.kind}`, {
      section: ".kconfig",
    });
  };
  if (extern.kind === "string") {
    const text = typeof value === "string" && /^".*"$/.test(value) ? value.slice(1, -1) : fail();
    bytes.set(new TextEncoder().encode(text).subarray(0, extern.size - 1));
    return bytes;
  }
  const number = toNumber(extern, value) ?? fail();
  const bits = BigInt(extern.size * 8);
  const fits = extern.isSigned
    ? BigInt.asIntN(Number(bits), number) === number
    : BigInt.asUintN(Number(bits), number) === number;
  if (!fits) fail();
  for (let i = 0; i < extern.size; i++) {
    const byte = Number((number >> BigInt(i * 8)) & 0xffn);
    bytes[littleEndian ? i : extern.size - 1 - i] = byte;
  }
  return bytes;
}

function toNumber(extern: KconfigExtern, value: string | bigint): bigint | undefined {
  if (typeof value === "bigint") return value;
  if (value === "y" || value === "m" || value === "n") {
    if (extern.kind === "tristate") return BigInt(TRISTATE[value]);
    if (extern.kind === "bool") return value === "m" ? undefined : value === "y" ? 1n : 0n;
    return extern.kind === "char" ? BigInt(value.charCodeAt(0)) : undefined;
  }
  if (!/^-?(0x[0-9a-fA-F]+|\d+)$/.test(value)) return undefined;
  return value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value);
}
