import { type Btf, BtfKind } from "../btf/index.js";
import type { ElfSymbol } from "../elf/index.js";
import { isHidden } from "./fix-data-sections.js";
import { Globals, type GlobalVariable } from "./globals.js";
import type { ObjectFile } from "./object-file.js";
import type { MapSpec } from "./object-spec.js";

/**
 * The variables of an object's data sections. Static ones of the same name, which stand in different
 * functions or, after linking, in different files, are told apart as clang does it: "count.1".
 */
export function readGlobals(
  file: ObjectFile,
  data: ReadonlyMap<number, MapSpec>,
  btf: Btf | undefined,
): Globals {
  const symbols = [...data].flatMap(([index, map]) => {
    const types = typesByPlace(file, map.section);
    return file
      .variables(file.elf.sections[index])
      .filter(({ value, size }) => value + size <= map.valueSize)
      .map((symbol) => ({ symbol, map, typeId: typeOf(btf, types, symbol) }));
  });
  // Others may refer to globals by their names: these come first.
  symbols.sort((a, b) => Number(isStatic(a.symbol)) - Number(isStatic(b.symbol)));
  const variables = new Map<string, GlobalVariable>();
  for (const { symbol, map, typeId } of symbols) {
    const name = freeName(symbol.name, variables);
    const { value: offset, size } = symbol;
    variables.set(name, { name, map: map.name, offset, size, typeId, isStatic: isStatic(symbol) });
  }
  const contents = new Map([...data.values()].map((map) => [map.name, map]));
  const bytesOf = (name: string): Uint8Array => contents.get(name)?.data ?? new Uint8Array(0);
  return new Globals([...variables.values()], btf, file.elf.littleEndian, {
    read: (map, offset, size) => bytesOf(map).slice(offset, offset + size),
    write: (map, offset, bytes) => bytesOf(map).set(bytes, offset),
  });
}

function isStatic(symbol: ElfSymbol): boolean {
  return symbol.binding === "local" || isHidden(symbol);
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(name)) return name;
  for (let count = 1; ; count++) {
    if (!taken.has(`${name}.${count}`)) return `${name}.${count}`;
  }
}

/** What BTF says of a section: the variables by their places. */
function typesByPlace(file: ObjectFile, section: string): ReadonlyMap<number, number> {
  const { btf } = file;
  const entries = file.datasec(section)?.variables ?? [];
  return new Map(
    entries.filter(({ type }) => btf?.kind(type) === BtfKind.Var).map(({ type, offset }) => [offset, type]),
  );
}

/**
 * A variable's type, if BTF has it at that place under that name, which clang puts its function's before.
 * Of an array that clang has split, a part is smaller than the type says: it is bytes.
 */
function typeOf(
  btf: Btf | undefined,
  types: ReadonlyMap<number, number>,
  symbol: ElfSymbol,
): number | undefined {
  const id = types.get(symbol.value);
  if (btf === undefined || id === undefined) return undefined;
  const name = btf.name(id);
  const isIt = symbol.name === name || symbol.name.split(".").includes(name);
  return isIt && btf.sizeOf(id) <= symbol.size ? id : undefined;
}
