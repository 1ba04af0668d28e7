import { type Btf, BtfKind, formatType } from "../../btf/index.js";
import type { MapSpec } from "../../object/index.js";
import { MapFlag, mapTypeName } from "../../uapi/index.js";
import type { Printer } from "../printer.js";
import type { Json } from "./json.js";
import { counted } from "./number.js";
import { wrap } from "./wrap.js";

/** "F_NO_PREALLOC | F_RDONLY_PROG"; the number of what has no name. */
export function mapFlagNames(flags: number): string {
  let rest = flags;
  const names: string[] = [];
  for (const [name, bit] of Object.entries(MapFlag)) {
    if ((flags & bit) === 0) continue;
    rest &= ~bit;
    names.push(`F_${name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase()}`);
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names.join(" | ");
}

/** A map's definition in one line: "HASH, key 4 bytes (__u32), value 16 bytes (struct traffic), 256 entries". */
export function mapDefinitionText(btf: Btf | undefined, map: MapSpec): string {
  const parts = [mapTypeName(map.type)];
  const size = (what: string, bytes: number, typeId: number | undefined) => {
    if (bytes === 0) return;
    const name = typeOf(btf, typeId);
    parts.push(`${what} ${counted(bytes, "byte")}${name === undefined ? "" : ` (${name})`}`);
  };
  size("key", map.keySize, map.keyTypeId);
  size("value", map.valueSize, map.valueTypeId);
  if (map.maxEntries > 0) parts.push(`max_entries ${map.maxEntries}`);
  if (map.flags !== 0) parts.push(mapFlagNames(map.flags));
  if (map.mapExtra !== 0n) parts.push(`map_extra ${map.mapExtra}`);
  if (map.isPinnedByName) parts.push("pinned by name");
  return parts.join(", ");
}

/** Prints a map's name and definition, wrapped to the width. */
export function printMapDefinition(printer: Printer, name: string, definition: string, indent: string): void {
  // Wrapped with the name, so that the first line has room for it, and coloured afterwards.
  const [first, ...more] = wrap(`${name}: ${definition}`, printer.columns - indent.length - 4);
  printer.line(indent + first.replace(name, () => printer.palette.paint("bold", name)));
  for (const line of more) printer.line(`${indent}    ${line}`);
}

/** The same as JSON. */
export function mapDefinitionJson(btf: Btf | undefined, map: MapSpec): { readonly [name: string]: Json } {
  return {
    name: map.name,
    type: mapTypeName(map.type),
    keySize: map.keySize,
    keyType: typeOf(btf, map.keyTypeId) ?? null,
    valueSize: map.valueSize,
    valueType: typeOf(btf, map.valueTypeId) ?? null,
    maxEntries: map.maxEntries,
    flags: map.flags,
    pinnedByName: map.isPinnedByName,
    section: map.section,
  };
}

/** A type's name; undefined for data sections, whose name is the map's. */
function typeOf(btf: Btf | undefined, typeId: number | undefined): string | undefined {
  if (btf === undefined || typeId === undefined || btf.kind(typeId) === BtfKind.Datasec) return undefined;
  return formatType(btf, typeId);
}
