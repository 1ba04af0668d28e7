import { Btf, BtfKind } from "../btf/index.js";
import { NotSupportedError, ObjectFormatError } from "../errors.js";
import { MapFlag, MapType } from "../uapi/index.js";
import { emptyMap } from "./empty-map.js";
import { writeDatasec } from "./fix-data-sections.js";
import type { KconfigExtern, MapSpec, ObjectSpec } from "./object-spec.js";
import { zeroedValue } from "./zeroed-value.js";

/** A variable of the kernel's configuration that has no place yet. */
export type UnplacedKconfig = Omit<KconfigExtern, "offset"> & { readonly align: number };

/**
 * Gives the externs of `.kconfig` their places: the strictest alignment first, then the smallest, then
 * by name (libbpf, cmp_externs).
 */
export function layKconfigOut(externs: readonly UnplacedKconfig[]): KconfigExtern[] {
  const order = [...externs].sort(
    (a, b) => b.align - a.align || a.size - b.size || (a.name < b.name ? -1 : Number(a.name > b.name)),
  );
  let end = 0;
  return order.map(({ align, ...extern }) => {
    const offset = Math.ceil(end / align) * align;
    end = offset + extern.size;
    return { ...extern, offset };
  });
}

/** What values a variable of the configuration takes, by its type (libbpf, find_kcfg_type). */
export function kconfigKind(
  btf: Btf,
  typeId: number,
  name: string,
): Pick<KconfigExtern, "kind" | "isSigned"> {
  const type = btf.resolved(typeId);
  switch (type.kind) {
    case BtfKind.Int:
      if (type.encoding.bool && type.size === 1) return { kind: "bool", isSigned: false };
      if (type.encoding.bool || ![1, 2, 4, 8].includes(type.size)) break;
      return { kind: type.size === 1 ? "char" : "int", isSigned: type.encoding.signed };
    case BtfKind.Enum:
    case BtfKind.Enum64:
      if (type.name !== "libbpf_tristate") break;
      return { kind: "tristate", isSigned: false };
    case BtfKind.Array: {
      const element = btf.resolved(type.type);
      if (type.length === 0 || element.kind !== BtfKind.Int || element.size !== 1) break;
      if (!element.encoding.bool) return { kind: "string", isSigned: false };
    }
  }
  throw new ObjectFormatError(
    `"${name}" is neither bool, integer, enum libbpf_tristate nor char array, as the kernel's configuration has`,
    { section: ".kconfig" },
  );
}

/** The map that holds them. */
export function kconfigMap(externs: readonly KconfigExtern[], valueTypeId: number | undefined): MapSpec {
  const valueSize = externs.reduce((end, { offset, size }) => Math.max(end, offset + size), 0);
  return {
    ...emptyMap(".kconfig", ".kconfig"),
    type: MapType.Array,
    keySize: 4,
    valueSize,
    maxEntries: 1,
    flags: MapFlag.Mmapable | MapFlag.RdonlyProg,
    valueTypeId,
    data: zeroedValue(valueSize, ".kconfig"),
  };
}

/** BTF that says where the externs of `.kconfig` are in the map; compilers leave it open. */
export function placeKconfig(btf: Btf, externs: readonly KconfigExtern[]): Btf {
  const id = btf.find(".kconfig", BtfKind.Datasec);
  const section = id === undefined ? undefined : btf.type(id);
  if (id === undefined || section?.kind !== BtfKind.Datasec) return btf;
  const bytes = btf.bytes.slice();
  const placed = section.variables.map((entry) => {
    const name = btf.name(entry.type);
    const extern = externs.find((candidate) => candidate.name === name);
    return { type: entry.type, offset: extern?.offset ?? 0, size: extern?.size ?? entry.size };
  });
  const size = externs.reduce((end, extern) => Math.max(end, extern.offset + extern.size), 0);
  writeDatasec(bytes, btf, id, size, placed);
  return Btf.parse(bytes);
}

/** What a kernel says of itself: lines of its configuration, and facts that no line has. */
export interface KernelConfig {
  /** LINUX_KERNEL_VERSION: major << 16 | minor << 8 | patch. */
  readonly version: number;
  /** Text of a kernel's configuration: "CONFIG_BPF=y" and so on; of lines for one name, the first counts. */
  readonly text?: string;
}

const TRISTATE = { n: 0n, y: 1n, m: 2n } as const;

/**
 * Gives the externs of `.kconfig` their values, in the map's data; weak ones that the configuration does
 * not have are 0. Throws NotSupportedError for a strong one, and for a value that its type cannot have.
 */
export function resolveKconfig(spec: ObjectSpec, config: KernelConfig): void {
  const data = spec.maps.find((map) => map.section === ".kconfig")?.data;
  if (data === undefined) return;
  const lines = new Map<string, string>();
  for (const [, name, value] of (config.text ?? "").matchAll(/^(CONFIG_\w+)=(.*)$/gm)) {
    if (!lines.has(name)) lines.set(name, value.trim());
  }
  for (const extern of spec.kconfig) {
    const value = factOf(extern, config) ?? lines.get(extern.name);
    if (value !== undefined) {
      data.set(encoded(extern, value, spec.littleEndian), extern.offset);
    } else if (extern.isWeak && /^(CONFIG|LINUX)_/.test(extern.name)) {
      data.fill(0, extern.offset, extern.offset + extern.size);
    } else {
      throw new NotSupportedError(
        `kernel configuration ${extern.name}`,
        `the object needs ${extern.name}, which this kernel's configuration does not have: declare it __weak`,
      );
    }
  }
}

/** What no line of a configuration says. Both features that are asked for by name came by Linux 5.17. */
function factOf({ name }: KconfigExtern, config: KernelConfig): bigint | undefined {
  if (name === "LINUX_KERNEL_VERSION") return BigInt(config.version);
  return name === "LINUX_HAS_BPF_COOKIE" || name === "LINUX_HAS_SYSCALL_WRAPPER" ? 1n : undefined;
}

function encoded(extern: KconfigExtern, value: string | bigint, littleEndian: boolean): Uint8Array {
  const bytes = new Uint8Array(extern.size);
  const number = extern.kind === "string" ? undefined : numberOf(extern, value);
  if (number !== undefined && isInRange(extern, number)) {
    for (let i = 0; i < extern.size; i++) {
      bytes[littleEndian ? i : extern.size - 1 - i] = Number((number >> BigInt(i * 8)) & 0xffn);
    }
    return bytes;
  }
  if (extern.kind === "string" && typeof value === "string" && /^".*"$/.test(value)) {
    // Cut, with a NUL at the end all the same.
    bytes.set(new TextEncoder().encode(value.slice(1, -1)).subarray(0, extern.size - 1));
    return bytes;
  }
  throw new NotSupportedError(
    `kernel configuration ${extern.name}`,
    `${extern.name}=${value} does not fit its declaration as ${extern.kind} of ${extern.size} bytes`,
  );
}

/** A value as a number, where its kind may have it (libbpf, set_kcfg_value_tri and _num). */
function numberOf({ kind }: KconfigExtern, value: string | bigint): bigint | undefined {
  if (typeof value === "bigint")
    return kind === "tristate" || (kind === "bool" && value > 1n) ? undefined : value;
  if (value === "y" || value === "m" || value === "n") {
    if (kind === "tristate") return TRISTATE[value];
    if (kind === "bool") return value === "m" ? undefined : TRISTATE[value];
    return kind === "char" ? BigInt(value.charCodeAt(0)) : undefined;
  }
  if (kind !== "int" && kind !== "char") return undefined;
  const match = /^([+-]?)(0x[0-9a-f]+|\d+)$/i.exec(value);
  if (match === null) return undefined;
  // As strtoull has it, a leading zero means octal.
  const isOctal = /^0\d/.test(match[2]);
  if (isOctal && /[89]/.test(match[2])) return undefined;
  const number = BigInt(isOctal ? `0o${match[2]}` : match[2]);
  return match[1] === "-" ? -number : number;
}

function isInRange({ size, isSigned }: KconfigExtern, number: bigint): boolean {
  const bits = size * 8;
  // Any 64 bits do for a variable of 64, signed or not.
  if (bits === 64) return BigInt.asIntN(64, number) === number || BigInt.asUintN(64, number) === number;
  return (isSigned ? BigInt.asIntN(bits, number) : BigInt.asUintN(bits, number)) === number;
}
