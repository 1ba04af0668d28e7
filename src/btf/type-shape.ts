import { typeReferences } from "./type-references.js";
import { BtfKind, type BtfType } from "./types.js";

const shapes = new WeakMap<BtfType, string>();

/** All that a type says but for the ids that it refers to: equal types have equal shapes. */
export function typeShape(type: BtfType): string {
  let shape = shapes.get(type);
  if (shape === undefined) {
    shape = `${type.kind}${JSON.stringify(partsOf(type))}`;
    shapes.set(type, shape);
  }
  return shape;
}

/** A type's shape with the ids that it refers to. */
export function typeKey(type: BtfType): string {
  return `${typeShape(type)}${typeReferences(type).join()}`;
}

function partsOf(type: BtfType): unknown[] {
  const { name } = type;
  switch (type.kind) {
    case BtfKind.Int: {
      const { signed, char, bool } = type.encoding;
      return [name, type.size, type.bits, type.bitOffset, signed, char, bool];
    }
    case BtfKind.Float:
      return [name, type.size];
    case BtfKind.Array:
      return [type.length];
    case BtfKind.Struct:
    case BtfKind.Union:
      return [name, type.size, type.members.map((each) => [each.name, each.bitOffset, each.bitFieldSize])];
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return [name, type.size, type.signed, type.values.map((each) => [each.name, String(each.value)])];
    case BtfKind.Fwd:
      return [name, type.isUnion];
    case BtfKind.FuncProto:
      return type.params.map((param) => param.name);
    case BtfKind.Func:
    case BtfKind.Var:
      return [name, type.linkage];
    case BtfKind.Datasec:
      return [name, type.size, type.variables.map((each) => [each.offset, each.size])];
    case BtfKind.DeclTag:
      return [name, type.componentIndex, type.isAttribute === true];
    case BtfKind.TypeTag:
      return [name, type.isAttribute === true];
    default:
      return [name];
  }
}

/**
 * What a forward declaration declares, or a definition defines: "struct foo". Undefined for types that
 * cannot be declared before they are defined.
 */
export function declaredAs(
  type: BtfType,
): { readonly what: string; readonly isForward: boolean } | undefined {
  if (type.name === "") return undefined;
  switch (type.kind) {
    case BtfKind.Fwd:
      return { what: `${type.isUnion ? "union" : "struct"} ${type.name}`, isForward: true };
    case BtfKind.Struct:
    case BtfKind.Union:
      return { what: `${type.kind === BtfKind.Union ? "union" : "struct"} ${type.name}`, isForward: false };
    case BtfKind.Enum:
    case BtfKind.Enum64:
      // Compilers write an enum that is only declared as one without values.
      return { what: `enum ${type.name}`, isForward: type.values.length === 0 };
    default:
      return undefined;
  }
}

/** Types that are compared as graphs, or that have no parts. */
export function isAnchor(kind: BtfKind): boolean {
  switch (kind) {
    case BtfKind.Int:
    case BtfKind.Float:
    case BtfKind.Struct:
    case BtfKind.Union:
    case BtfKind.Enum:
    case BtfKind.Enum64:
    case BtfKind.Fwd:
      return true;
    default:
      return false;
  }
}
