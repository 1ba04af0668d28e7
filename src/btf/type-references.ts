import { BtfKind, type BtfType } from "./types.js";

/** The ids that a type refers to, in the order of its parts; 0 (void) among them. */
export function typeReferences(type: BtfType): number[] {
  switch (type.kind) {
    case BtfKind.Void:
    case BtfKind.Int:
    case BtfKind.Float:
    case BtfKind.Enum:
    case BtfKind.Enum64:
    case BtfKind.Fwd:
      return [];
    case BtfKind.Array:
      return [type.type, type.indexType];
    case BtfKind.Struct:
    case BtfKind.Union:
      return type.members.map((member) => member.type);
    case BtfKind.FuncProto:
      return [type.returnType, ...type.params.map((param) => param.type)];
    case BtfKind.Datasec:
      return type.variables.map((variable) => variable.type);
    default:
      return [type.type];
  }
}

/** The same type with every id that it refers to replaced. */
export function withReferences(type: BtfType, map: (id: number) => number): BtfType {
  const mapped = <T extends { readonly type: number }>(part: T): T => ({ ...part, type: map(part.type) });
  switch (type.kind) {
    case BtfKind.Void:
    case BtfKind.Int:
    case BtfKind.Float:
    case BtfKind.Enum:
    case BtfKind.Enum64:
    case BtfKind.Fwd:
      return type;
    case BtfKind.Array:
      return { ...mapped(type), indexType: map(type.indexType) };
    case BtfKind.Struct:
    case BtfKind.Union:
      return { ...type, members: type.members.map(mapped) };
    case BtfKind.FuncProto:
      return { ...type, returnType: map(type.returnType), params: type.params.map(mapped) };
    case BtfKind.Datasec:
      return { ...type, variables: type.variables.map(mapped) };
    default:
      return mapped(type);
  }
}

/** Types that are another one seen through a name, qualifier or tag: their size is the other's. */
export function isModifier(kind: BtfKind): boolean {
  switch (kind) {
    case BtfKind.Typedef:
    case BtfKind.Volatile:
    case BtfKind.Const:
    case BtfKind.Restrict:
    case BtfKind.TypeTag:
      return true;
    default:
      return false;
  }
}
