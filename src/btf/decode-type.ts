import { ObjectFormatError } from "../errors.js";
import { INT_BOOL, INT_CHAR, INT_SIGNED, LINKAGE } from "./layout.js";
import { BtfKind, type BtfType } from "./types.js";

/** What decoding a type needs of the BTF around it. */
export interface TypeSource {
  readonly view: DataView;
  readonly littleEndian: boolean;
  /** The string at an offset of the string section. */
  string(offset: number): string;
  /** Number of types: ids are below it. */
  readonly length: number;
}

/** Decodes the type at byte `at`; throws ObjectFormatError where it cannot be one. */
export function decodeType(source: TypeSource, at: number): BtfType {
  const { view, littleEndian } = source;
  const u32 = (offset: number) => view.getUint32(at + offset, littleEndian);
  const i32 = (offset: number) => view.getInt32(at + offset, littleEndian);
  const fail = (why: string): never => {
    throw new ObjectFormatError(`BTF type: ${why}`, { section: ".BTF", offset: at });
  };
  const ref = (id: number): number => (id < source.length ? id : fail(`type ${id} does not exist`));
  const name = source.string(u32(0));
  const info = u32(4);
  const kind = (info >>> 24) & 0x1f;
  const vlen = info & 0xffff;
  const kindFlag = info >>> 31 === 1;
  const isTag = kind === BtfKind.TypeTag;
  const sizeOrType = u32(8);
  const entries = <T>(size: number, read: (offset: number) => T): T[] =>
    Array.from({ length: vlen }, (_, i) => read(12 + i * size));

  switch (kind) {
    case BtfKind.Int: {
      const word = u32(12);
      const encoding = (word >>> 24) & 0xf;
      const bits = word & 0xff;
      const bitOffset = (word >>> 16) & 0xff;
      if (sizeOrType < 1 || sizeOrType > 16) fail(`an integer of ${sizeOrType} bytes`);
      if (encoding > (INT_SIGNED | INT_CHAR | INT_BOOL)) fail(`integer encoding ${encoding}`);
      if (bits + bitOffset > sizeOrType * 8) fail(`${bits} bits in ${sizeOrType} bytes`);
      const has = (bit: number) => (encoding & bit) !== 0;
      return {
        kind,
        name,
        size: sizeOrType,
        bits,
        bitOffset,
        encoding: { signed: has(INT_SIGNED), char: has(INT_CHAR), bool: has(INT_BOOL) },
      };
    }
    case BtfKind.Ptr:
    case BtfKind.Typedef:
    case BtfKind.Volatile:
    case BtfKind.Const:
    case BtfKind.Restrict:
    case BtfKind.TypeTag:
      return { kind, name, type: ref(sizeOrType), ...(isTag && kindFlag ? { isAttribute: true } : {}) };
    case BtfKind.Array:
      return { kind, name: "", type: ref(u32(12)), indexType: ref(u32(16)), length: u32(20) };
    case BtfKind.Struct:
    case BtfKind.Union:
      return {
        kind,
        name,
        size: sizeOrType,
        hasBitFields: kindFlag,
        members: entries(12, (offset) => {
          const place = u32(offset + 8);
          const bitFieldSize = kindFlag ? place >>> 24 : 0;
          const bitOffset = kindFlag ? place & 0xffffff : place;
          if (bitOffset + bitFieldSize > sizeOrType * 8)
            fail(`member at bit ${bitOffset} of ${sizeOrType} bytes`);
          return { name: source.string(u32(offset)), type: ref(u32(offset + 4)), bitOffset, bitFieldSize };
        }),
      };
    case BtfKind.Enum:
      return {
        kind,
        name,
        size: sizeOrType,
        signed: kindFlag,
        values: entries(8, (offset) => ({
          name: source.string(u32(offset)),
          value: BigInt(kindFlag ? i32(offset + 4) : u32(offset + 4)),
        })),
      };
    case BtfKind.Enum64:
      return {
        kind,
        name,
        size: sizeOrType,
        signed: kindFlag,
        values: entries(12, (offset) => {
          const value = (BigInt(u32(offset + 8)) << 32n) | BigInt(u32(offset + 4));
          return { name: source.string(u32(offset)), value: kindFlag ? BigInt.asIntN(64, value) : value };
        }),
      };
    case BtfKind.Fwd:
      return { kind, name, isUnion: kindFlag };
    case BtfKind.Func:
      return {
        kind,
        name,
        type: ref(sizeOrType),
        linkage: LINKAGE[vlen] ?? fail(`function linkage ${vlen}`),
      };
    case BtfKind.FuncProto:
      return {
        kind,
        name: "",
        returnType: ref(sizeOrType),
        params: entries(8, (offset) => ({ name: source.string(u32(offset)), type: ref(u32(offset + 4)) })),
      };
    case BtfKind.Var:
      return {
        kind,
        name,
        type: ref(sizeOrType),
        linkage: LINKAGE[u32(12)] ?? fail(`variable linkage ${u32(12)}`),
      };
    case BtfKind.Datasec:
      return {
        kind,
        name,
        size: sizeOrType,
        variables: entries(12, (offset) => ({
          type: ref(u32(offset)),
          offset: u32(offset + 4),
          size: u32(offset + 8),
        })),
      };
    case BtfKind.Float:
      return { kind, name, size: sizeOrType };
    case BtfKind.DeclTag:
      return {
        kind,
        name,
        type: ref(sizeOrType),
        componentIndex: i32(12),
        ...(kindFlag ? { isAttribute: true } : {}),
      };
    default:
      return fail(`kind ${kind} is unknown`);
  }
}
