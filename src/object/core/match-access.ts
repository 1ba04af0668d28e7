import { type Btf, BtfKind, type BtfMember, essentialName } from "../../btf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { type Access, type Accessor, isFlexibleArray, MAX_ACCESS_LENGTH } from "./access.js";
import { CoreRelocationKind, relocationSubject } from "./relocation-kind.js";
import { TypeComparison } from "./type-comparison.js";

/**
 * The same field, type or enumerator in a candidate of the target; undefined where it has none such
 * (libbpf's bpf_core_spec_match). Fields are found by name, in anonymous structs and unions too, and
 * must be compatible; elements of arrays must exist.
 */
export function matchAccess(local: Access, kind: number, target: Btf, rootId: number): Access | undefined {
  const comparison = new TypeComparison(local.btf, target);
  switch (relocationSubject(kind)) {
    case "type": {
      const isMatch =
        kind === CoreRelocationKind.TypeMatches
          ? comparison.doTypesMatch(local.rootId, rootId)
          : comparison.areTypesCompatible(local.rootId, rootId);
      return isMatch ? { btf: target, rootId, accessors: [], bitOffset: 0 } : undefined;
    }
    case "enumerator":
      return matchEnumerator(local, target, rootId);
    default:
      return matchField(local, comparison, rootId);
  }
}

function matchEnumerator(local: Access, target: Btf, rootId: number): Access | undefined {
  const typeId = target.resolve(rootId);
  const type = target.type(typeId);
  if (type.kind !== BtfKind.Enum && type.kind !== BtfKind.Enum64) return undefined;
  const name = essentialName(local.accessors[0].name ?? "");
  const index = type.values.findIndex((value) => essentialName(value.name) === name);
  if (index < 0) return undefined;
  const accessor = { typeId, index, name: type.values[index].name };
  return { btf: target, rootId, accessors: [accessor], bitOffset: 0 };
}

function matchField(local: Access, comparison: TypeComparison, rootId: number): Access | undefined {
  const { target } = comparison;
  const accessors: Accessor[] = [];
  let bitOffset = 0;
  let current = rootId;
  for (const [step, accessor] of local.accessors.entries()) {
    current = target.resolve(current);
    if (accessor.name !== undefined) {
      const member = localMember(local.btf, accessor);
      const found = findMember(comparison, member, current, new Set(), 0);
      if (found === undefined) return undefined;
      bitOffset += found.bitOffset;
      accessors.push({ typeId: found.typeId, index: found.index, name: member.name });
      current = found.memberType;
      continue;
    }
    // The first step is an element of no array: it is the root itself.
    if (step > 0) {
      const array = target.type(current);
      if (array.kind !== BtfKind.Array) return undefined;
      const isWithin = accessor.index < array.length || isFlexibleArray(target, accessors[step - 1], array);
      if (!isWithin) return undefined;
      current = target.resolve(array.type);
    }
    accessors.push({ typeId: current, index: accessor.index, name: undefined });
    bitOffset += accessor.index * target.sizeOf(current) * 8;
  }
  return { btf: target, rootId, accessors, bitOffset };
}

function localMember(btf: Btf, accessor: Accessor): BtfMember {
  const type = btf.type(accessor.typeId);
  const member = "members" in type ? type.members[accessor.index] : undefined;
  if (member === undefined) {
    throw new ObjectFormatError(`type ${accessor.typeId} has no member ${accessor.index}`, {
      section: ".BTF",
    });
  }
  return member;
}

interface FoundMember {
  /** The struct or union that has it, and which of its members it is. */
  readonly typeId: number;
  readonly index: number;
  readonly memberType: number;
  /** From the start of the type that was searched. */
  readonly bitOffset: number;
}

/** A member by name, in a type or in the anonymous structs and unions that it contains. */
function findMember(
  comparison: TypeComparison,
  member: BtfMember,
  id: number,
  searched: Set<number>,
  depth: number,
): FoundMember | undefined {
  const { target } = comparison;
  const typeId = target.resolve(id);
  const type = target.type(typeId);
  if (type.kind !== BtfKind.Struct && type.kind !== BtfKind.Union) return undefined;
  if (searched.has(typeId)) return undefined;
  if (depth >= MAX_ACCESS_LENGTH) {
    throw new ObjectFormatError(`type ${id} is nested too deep`, { section: ".BTF" });
  }
  searched.add(typeId);
  for (const [index, candidate] of type.members.entries()) {
    if (candidate.name === "") {
      const found = findMember(comparison, member, candidate.type, searched, depth + 1);
      if (found !== undefined) return { ...found, bitOffset: candidate.bitOffset + found.bitOffset };
    } else if (candidate.name === member.name) {
      if (!comparison.areFieldsCompatible(member.type, candidate.type)) return undefined;
      return { typeId, index, memberType: candidate.type, bitOffset: candidate.bitOffset };
    }
  }
  return undefined;
}
