import { type Btf, type BtfArray, BtfKind, type CoreRelocation, formatType } from "../../btf/index.js";
import { ObjectFormatError } from "../../errors.js";
import { relocationSubject } from "./relocation-kind.js";

/** Longer accesses than this libbpf does not have (BPF_CORE_SPEC_MAX_LEN). */
export const MAX_ACCESS_LENGTH = 64;

/** A step of an access that matters: a named member or enumerator, or an element of an array. */
export interface Accessor {
  /** What the step is taken in; for elements, their own type. */
  readonly typeId: number;
  readonly index: number;
  /** Undefined for elements of arrays, and for the first step, which is one too: `&s[0]`. */
  readonly name: string | undefined;
}

/** The field, type or enumerator that a relocation is about, in the BTF of an object or of a kernel. */
export interface Access {
  readonly btf: Btf;
  readonly rootId: number;
  /** Empty for types. */
  readonly accessors: readonly Accessor[];
  /** From the start of the root type. */
  readonly bitOffset: number;
}

/** What a relocation refers to in the object's own types. Throws ObjectFormatError where that is nothing. */
export function parseAccess(
  btf: Btf,
  relocation: Pick<CoreRelocation, "typeId" | "access" | "kind">,
): Access {
  const { typeId, access, kind } = relocation;
  const fail = (why: string): never => {
    throw new ObjectFormatError(`CO-RE relocation of ${formatType(btf, typeId)} by "${access}": ${why}`, {
      section: ".BTF.ext",
    });
  };
  const subject = relocationSubject(kind) ?? fail(`kind ${kind} is unknown`);
  if (subject === "type") {
    if (access !== "0") fail('types have the access "0"');
    return { btf, rootId: typeId, accessors: [], bitOffset: 0 };
  }
  if (!/^\d{1,10}(:\d{1,10})*$/.test(access)) fail("it is no list of indices");
  const [first, ...rest] = access.split(":").map(Number);
  if (rest.length >= MAX_ACCESS_LENGTH) fail(`more than ${MAX_ACCESS_LENGTH} steps`);
  const rootType = btf.resolve(typeId);
  if (subject === "enumerator") {
    const type = btf.type(rootType);
    if (type.kind !== BtfKind.Enum && type.kind !== BtfKind.Enum64) return fail("it is no enum");
    const value = type.values[first];
    if (rest.length > 0 || value === undefined) return fail("there is no such enumerator");
    const accessor = { typeId: rootType, index: first, name: value.name };
    return { btf, rootId: typeId, accessors: [accessor], bitOffset: 0 };
  }

  const accessors: Accessor[] = [{ typeId: rootType, index: first, name: undefined }];
  let bitOffset = first * btf.sizeOf(rootType) * 8;
  let current = rootType;
  for (const index of rest) {
    const type = btf.type(current);
    switch (type.kind) {
      case BtfKind.Struct:
      case BtfKind.Union: {
        const member = type.members[index];
        if (member === undefined) return fail(`${formatType(btf, current)} has no member ${index}`);
        bitOffset += member.bitOffset;
        if (member.name !== "") accessors.push({ typeId: current, index, name: member.name });
        current = btf.resolve(member.type);
        break;
      }
      case BtfKind.Array: {
        const isWithin = index < type.length || isFlexibleArray(btf, accessors[accessors.length - 1], type);
        if (!isWithin) fail(`${formatType(btf, current)} has no element ${index}`);
        current = btf.resolve(type.type);
        accessors.push({ typeId: current, index, name: undefined });
        bitOffset += index * btf.sizeOf(current) * 8;
        break;
      }
      default:
        return fail(`${formatType(btf, current)} has no parts`);
    }
  }
  return { btf, rootId: typeId, accessors, bitOffset };
}

/** An array without length at the end of a struct has as many elements as are asked for. */
export function isFlexibleArray(btf: Btf, accessor: Accessor, array: BtfArray): boolean {
  if (accessor.name === undefined || array.length > 0) return false;
  const type = btf.type(accessor.typeId);
  return "members" in type && accessor.index === type.members.length - 1;
}

/** An access as C has it: "struct sk_buff.cb[2]", "enum xdp_action.XDP_PASS". */
export function formatAccess(access: Access): string {
  const steps = access.accessors.map(({ index, name }, i) =>
    name !== undefined ? `.${name}` : i > 0 || index > 0 ? `[${index}]` : "",
  );
  return formatType(access.btf, access.rootId) + steps.join("");
}
