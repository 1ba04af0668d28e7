import { type Btf, BtfKind, type BtfType } from "../../btf/index.js";

/** A type of one object, and one of another. */
export interface TypePair {
  readonly a: Btf;
  readonly b: Btf;
}

/** Kinds whose names must agree. */
const NAMED: readonly number[] = [
  BtfKind.Struct,
  BtfKind.Union,
  BtfKind.Enum,
  BtfKind.Enum64,
  BtfKind.Fwd,
  BtfKind.Func,
  BtfKind.Var,
];

/**
 * Why two declarations of one symbol in different objects contradict each other; undefined where they
 * agree. Behind pointers, names alone must be the same (libbpf, glob_sym_btf_matches).
 */
export function disagreement({ a, b }: TypePair, aId: number, bId: number): string | undefined {
  const seen = new Set<string>();
  const pending: [a: number, b: number, isExact: boolean][] = [[aId, bId, true]];
  for (let pair = pending.pop(); pair !== undefined; pair = pending.pop()) {
    const [first, second, isExact] = [a.resolve(pair[0]), b.resolve(pair[1]), pair[2]];
    const key = `${first}:${second}:${isExact}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const [x, y] = [a.type(first), b.type(second)];
    if (!isExact && (x.kind === BtfKind.Fwd) !== (y.kind === BtfKind.Fwd)) {
      if (x.name === y.name && isDeclarationOf(x, y)) continue;
      return `${describe(x)} and ${describe(y)} differ`;
    }
    if (x.kind !== y.kind || (NAMED.includes(x.kind) && x.name !== y.name)) {
      return `${describe(x)} and ${describe(y)} differ`;
    }
    const why = isExact ? difference(x, y) : shallowDifference(x, y);
    if (why !== undefined) return `${describe(x)}: ${why}`;
    pending.push(...partsOf(x, y, isExact));
  }
  return undefined;
}

function isDeclarationOf(x: BtfType, y: BtfType): boolean {
  const [forward, whole] = x.kind === BtfKind.Fwd ? [x, y] : [y, x];
  return forward.kind === BtfKind.Fwd && whole.kind === (forward.isUnion ? BtfKind.Union : BtfKind.Struct);
}

/** What differs in two types of one kind, apart from their parts. */
function difference(x: BtfType, y: BtfType): string | undefined {
  if ((x.kind === BtfKind.Struct || x.kind === BtfKind.Union) && x.kind === y.kind) {
    if (x.members.length !== y.members.length) return `${x.members.length} members and ${y.members.length}`;
    const at = x.members.findIndex(({ name, bitOffset, bitFieldSize }, index) => {
      const other = y.members[index];
      return name !== other.name || bitOffset !== other.bitOffset || bitFieldSize !== other.bitFieldSize;
    });
    return at < 0 ? undefined : `member "${x.members[at].name}" is elsewhere`;
  }
  return shallowDifference(x, y);
}

function shallowDifference(x: BtfType, y: BtfType): string | undefined {
  switch (x.kind) {
    case BtfKind.Int:
    case BtfKind.Float:
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return "size" in y && x.size !== y.size ? `${x.size} bytes and ${y.size}` : undefined;
    case BtfKind.Func:
    case BtfKind.Var: {
      const isStatic = "linkage" in y && y.linkage === "static";
      return (x.linkage === "static") !== isStatic ? "one of them is static" : undefined;
    }
    case BtfKind.FuncProto:
      return y.kind === BtfKind.FuncProto && x.params.length !== y.params.length
        ? `${x.params.length} parameters and ${y.params.length}`
        : undefined;
    default:
      return undefined;
  }
}

/** The parts of two types that must agree too; lengths of arrays need not. */
function partsOf(x: BtfType, y: BtfType, isExact: boolean): [a: number, b: number, isExact: boolean][] {
  switch (x.kind) {
    case BtfKind.Ptr:
      return y.kind === BtfKind.Ptr ? [[x.type, y.type, false]] : [];
    case BtfKind.Array:
    case BtfKind.Func:
    case BtfKind.Var:
      return "type" in y ? [[x.type, y.type, isExact]] : [];
    case BtfKind.Struct:
    case BtfKind.Union:
      if (!isExact || x.kind !== y.kind) return [];
      return x.members.map(({ type }, index) => [type, y.members[index].type, true]);
    case BtfKind.FuncProto:
      if (y.kind !== BtfKind.FuncProto) return [];
      return [
        [x.returnType, y.returnType, isExact],
        ...x.params.map(({ type }, index): [number, number, boolean] => [
          type,
          y.params[index].type,
          isExact,
        ]),
      ];
    default:
      return [];
  }
}

const KIND_NAMES = new Map<number, string>(
  Object.entries(BtfKind).map(([name, kind]) => [
    kind,
    name.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase(),
  ]),
);

function describe({ kind, name }: BtfType): string {
  const what = KIND_NAMES.get(kind) ?? "type";
  return name === "" ? what : `${what} ${name}`;
}
