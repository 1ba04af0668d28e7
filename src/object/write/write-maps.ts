import { type BtfDatasec, BtfKind } from "../../btf/index.js";
import { BpfRelocation, SectionFlag, SectionType, SymbolType } from "../../elf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { readMapDefinition, shapeOf } from "../map-definition.js";
import type { MapSpec } from "../object-spec.js";
import { defineMap } from "./define-map.js";
import type { Output } from "./output.js";

const MAPS = ".maps";
const POINTER_SIZE = 8;

interface WrittenMap {
  readonly spec: MapSpec;
  readonly offset: number;
  readonly size: number;
  readonly valuesOffset: number | undefined;
}

/**
 * The `.maps` section: the definitions that the object's BTF has, or, where a map was edited or had
 * none, new ones for all. What it returns adds the initial values, when programs have their symbols.
 */
export function writeMaps(maps: readonly MapSpec[], output: Output): () => void {
  if (maps.length === 0) return () => undefined;
  const written = keptDefinitions(maps, output) ?? newDefinitions(maps, output);
  output.writtenSections.add(MAPS);
  const size = written.reduce((end, map) => Math.max(end, map.offset + map.size), 0);
  const section = output.elf.addSection({
    name: MAPS,
    type: SectionType.Progbits,
    flags: SectionFlag.Alloc | SectionFlag.Write,
    align: POINTER_SIZE,
    content: new Uint8Array(size),
  });
  for (const { spec, offset, size: own } of written) {
    output.define(spec.name, { section, value: offset, size: own }, SymbolType.Object, "global");
  }
  return () => {
    for (const { spec, offset, valuesOffset } of written) {
      for (const { index, name } of spec.values) {
        if (valuesOffset === undefined) {
          throw new ObjectFormatError(`map ${spec.name} has values, but no shape of an inner map`);
        }
        output.elf.addRelocation(section, {
          offset: offset + valuesOffset + index * POINTER_SIZE,
          type: BpfRelocation.Abs64,
          symbol: output.symbol(name, `map ${spec.name}`),
        });
      }
    }
  };
}

/** The definitions of the object's own BTF, if they say what the maps are now. */
function keptDefinitions(maps: readonly MapSpec[], output: Output): WrittenMap[] | undefined {
  const { btf } = output.types;
  const variables = output.types.datasec(MAPS)?.type.variables;
  if (btf === undefined || variables?.length !== maps.length) return undefined;
  const written: WrittenMap[] = [];
  for (const [index, { type, offset, size }] of variables.entries()) {
    const spec = maps[index];
    const variable = btf.type(type);
    const struct = variable.kind === BtfKind.Var ? btf.resolved(variable.type) : variable;
    if (struct.kind !== BtfKind.Struct || variable.name !== spec.name) return undefined;
    const definition = readMapDefinition(btf, spec.name, struct);
    if (!isSame(definition.spec, spec)) return undefined;
    const { valuesOffset } = definition;
    const end = spec.values.reduce((most, value) => Math.max(most, value.index + 1), 0) * POINTER_SIZE;
    if (end > 0 && (valuesOffset === undefined || valuesOffset + end > size)) return undefined;
    written.push({ spec, offset, size, valuesOffset });
  }
  return written;
}

function isSame(a: MapSpec, b: MapSpec): boolean {
  return shapeOf(a) === shapeOf(b) && typesOf(a).join() === typesOf(b).join();
}

function typesOf(map: MapSpec): (number | undefined)[] {
  return [map.keyTypeId, map.valueTypeId, ...(map.inner === undefined ? [] : typesOf(map.inner))];
}

function newDefinitions(maps: readonly MapSpec[], output: Output): WrittenMap[] {
  const { builder, btf } = output.types;
  const int = output.types.int();
  const variables: BtfDatasec["variables"][number][] = [];
  let end = 0;
  const written = maps.map((spec): WrittenMap => {
    const { typeId, size, valuesOffset } = defineMap(builder, spec, btf, int);
    const count = spec.values.reduce((most, { index }) => Math.max(most, index + 1), 0);
    const map = { spec, offset: end, size: size + count * POINTER_SIZE, valuesOffset };
    const type = builder.add({ kind: BtfKind.Var, name: spec.name, type: typeId, linkage: "global" });
    variables.push({ type, offset: map.offset, size: map.size });
    end += map.size;
    return map;
  });
  const section = { kind: BtfKind.Datasec, name: MAPS, size: end, variables };
  const known = output.types.datasec(MAPS);
  if (known === undefined) builder.add(section);
  else output.types.change(known.id, section);
  return written;
}
