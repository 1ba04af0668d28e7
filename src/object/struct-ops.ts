import { BtfKind } from "../btf/index.js";
import { type ElfSection, SymbolType } from "../elf/index.js";
import { ObjectFormatError } from "../errors.js";
import { MapFlag, MapType } from "../uapi/index.js";
import type { PlacedMap } from "./btf-maps.js";
import { emptyMap } from "./empty-map.js";
import type { ObjectFile } from "./object-file.js";

const STRUCT_OPS = /^\??\.struct_ops(\.link)?$/;

/**
 * Structs of functions that the kernel is to call, in sections `.struct_ops` and `.struct_ops.link`, as
 * maps of type STRUCT_OPS (libbpf, init_struct_ops_maps and bpf_object__collect_st_ops_relos).
 */
export function readStructOps(file: ObjectFile): PlacedMap[] {
  return file.elf.sections
    .filter(({ name, size }) => STRUCT_OPS.test(name) && size > 0)
    .flatMap((section) => readSection(file, section));
}

function readSection(file: ObjectFile, section: ElfSection): PlacedMap[] {
  const { btf } = file;
  const datasec = file.datasec(section.name);
  if (btf === undefined || datasec === undefined) {
    throw new ObjectFormatError("struct_ops need BTF, which this object lacks: compile with -g", {
      section: section.name,
    });
  }
  const maps = datasec.variables.map(({ type, offset }): PlacedMap => {
    const variable = btf.type(type);
    const structId = btf.resolve(variable.kind === BtfKind.Var ? variable.type : type);
    const struct = btf.type(structId);
    if (struct.kind !== BtfKind.Struct || struct.name === "" || offset + struct.size > section.data.length) {
      throw new ObjectFormatError(`"${variable.name}" is no struct with a name, within the section`, {
        section: section.name,
        offset,
      });
    }
    const spec = {
      ...emptyMap(variable.name, section.name),
      keySize: 4,
      valueSize: struct.size,
      maxEntries: 1,
      flags: section.name.endsWith(".link") ? MapFlag.Link : 0,
      valueTypeId: structId,
      data: section.data.slice(offset, offset + struct.size),
    };
    spec.type = MapType.StructOps;
    return { spec, section: section.index, offset };
  });
  for (const { offset, symbol } of file.elf.relocations.get(section.index) ?? []) {
    const map = maps.find((entry) => entry.offset <= offset && offset < entry.offset + entry.spec.valueSize);
    const target = file.sectionOf(symbol);
    const program =
      target === undefined || !file.isCode(target)
        ? undefined
        : file
            .symbolsOf(target)
            .find(({ type, value }) => type === SymbolType.Func && value === symbol.value);
    if (map === undefined || program === undefined) {
      throw new ObjectFormatError("a pointer of a struct_ops that is to no program: remove it", {
        section: section.name,
        offset,
      });
    }
    map.spec.values = [...map.spec.values, { index: offset - map.offset, name: program.name }];
  }
  return maps;
}
