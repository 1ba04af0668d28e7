import fc from "fast-check";
import { BtfBuilder, BtfKind, type BtfMember } from "../../btf/index.js";

/** How a member of the target is made: of which type, and where. */
interface MemberPlan {
  readonly name: string;
  /** An index into the pool of types. */
  readonly type: number;
  /** Bits to leave free before it; non-bit-fields are aligned after that. */
  readonly gap: number;
  /** 0 for none. */
  readonly bits: number;
  readonly wrap: "none" | "struct" | "union";
}

const NAMES = [
  "number",
  "counter",
  "port",
  "pointer",
  "inner",
  "many",
  "choice",
  "deep",
  "deeper",
  "flag1",
  "flag2",
  "flag3",
  "wide",
  "sign",
  "mode",
  "name",
  "matrix",
  "other",
];

/** A pool of types that members of `relocations.bpf.c` may turn out to have. */
class Pool {
  readonly builder = new BtfBuilder();
  readonly ids: number[] = [];

  constructor() {
    const { builder } = this;
    const int = (name: string, size: number, signed: boolean) =>
      builder.add({
        kind: BtfKind.Int,
        name,
        size,
        bits: size * 8,
        bitOffset: 0,
        encoding: { signed, char: false, bool: false },
      });
    const array = (type: number, length: number) =>
      builder.add({ kind: BtfKind.Array, name: "", type, indexType: s32, length });
    const member = (name: string, type: number, bytes: number) => ({
      name,
      type,
      bitOffset: bytes * 8,
      bitFieldSize: 0,
    });
    const s32 = int("int", 4, true);
    const u32 = int("unsigned int", 4, false);
    const u8 = int("unsigned char", 1, false);
    const pointer = builder.add({ kind: BtfKind.Ptr, name: "", type: 0 });
    const inner = builder.add({
      kind: BtfKind.Struct,
      name: "inner",
      size: 16,
      hasBitFields: false,
      members: [member("b", u8, 1), member("a", s32, 8), member("c", array(s32, 1), 12)],
    });
    const choice = builder.add({
      kind: BtfKind.Union,
      name: "choice",
      size: 8,
      hasBitFields: false,
      members: [member("half", array(int("short", 2, true), 2), 0), member("word", u32, 0)],
    });
    const mode = builder.add({
      kind: BtfKind.Enum,
      name: "mode___of_kernel",
      size: 4,
      signed: true,
      values: [
        { name: "MODE_MINUS", value: -9n },
        { name: "MODE_A", value: 4n },
      ],
    });
    this.ids = [
      s32,
      u32,
      u8,
      int("unsigned short", 2, false),
      int("signed char", 1, true),
      int("unsigned long", 8, false),
      int("long", 8, true),
      pointer,
      inner,
      choice,
      mode,
      array(inner, 3),
      array(u8, 16),
      array(array(u32, 3), 2),
      builder.add({ kind: BtfKind.Typedef, name: "u32", type: u32 }),
    ];
  }
}

const anyPlan = (name: string): fc.Arbitrary<MemberPlan | undefined> =>
  fc.option(
    fc.record({
      name: fc.constant(name),
      type: fc.nat({ max: 14 }),
      gap: fc.constantFrom(0, 0, 0, 3, 8, 40),
      bits:
        name.startsWith("flag") || name === "wide" ? fc.constantFrom(0, 1, 7, 13, 30, 40) : fc.constant(0),
      wrap: fc.constantFrom("none", "none", "struct", "union"),
    }),
    { nil: undefined, freq: 6 },
  );

const anyMembers: fc.Arbitrary<MemberPlan[]> = fc
  .shuffledSubarray(NAMES, { minLength: 12 })
  .chain((names) => fc.tuple(...names.map(anyPlan)))
  .map((plans) => plans.filter((plan) => plan !== undefined));

/** Lays members out one after another. */
function addRecord(pool: Pool, name: string, plans: readonly MemberPlan[]): void {
  const { builder } = pool;
  const measured = builder.build();
  const members: BtfMember[] = [];
  let at = 0;
  for (const { name: field, type: index, gap, bits, wrap } of plans) {
    const type = pool.ids[index];
    const kind = measured.kind(measured.resolve(type));
    const size = measured.sizeOf(type);
    at += gap;
    const isBitField = bits > 0 && bits <= size * 8 && (kind === BtfKind.Int || kind === BtfKind.Enum);
    if (isBitField) {
      const storage = size * 8;
      if ((at % storage) + bits > storage) at = Math.ceil(at / storage) * storage;
      members.push({ name: field, type, bitOffset: at, bitFieldSize: bits });
      at += bits;
      continue;
    }
    const align = measured.alignOf(type) * 8;
    at = Math.ceil(at / align) * align;
    const isWrapped = wrap !== "none";
    const inside = { name: field, type, bitOffset: 0, bitFieldSize: 0 };
    const outer = isWrapped
      ? builder.add({
          kind: wrap === "struct" ? BtfKind.Struct : BtfKind.Union,
          name: "",
          size,
          hasBitFields: false,
          members: [inside],
        })
      : type;
    members.push({ name: isWrapped ? "" : field, type: outer, bitOffset: at, bitFieldSize: 0 });
    at += size * 8;
  }
  builder.add({ kind: BtfKind.Struct, name, size: Math.ceil(at / 64) * 8, hasBitFields: true, members });
}

/** The types of a kernel that has structs `record` of its own, as .BTF; sometimes two of them. */
export const anyTarget: fc.Arbitrary<Uint8Array> = fc
  .tuple(anyMembers, fc.option(anyMembers, { nil: undefined, freq: 3 }), fc.boolean())
  .map(([members, others, isSame]) => {
    const pool = new Pool();
    addRecord(pool, "record", members);
    if (others !== undefined) addRecord(pool, "record___2", isSame ? members : others);
    return pool.builder.toBytes();
  });
