import { describe, expect, test } from "vitest";
import { assemble, CodeView, decode, disassemble, encode } from "./index.js";

/** What tells instructions of one opcode apart, where anything does. */
interface Fields {
  readonly src?: number;
  readonly offset?: number;
  readonly imm?: number;
}

type Row = readonly [opcode: number, text: string, fields?: Fields];

/** Every instruction of RFC 9669, appendix A, by conformance group (§2.4), and what came after it. */
const groups: Readonly<Record<string, readonly Row[]>> = {
  base32: [
    [0x04, "w1 += 0x7"],
    [0x05, "goto +0x7"],
    [0x06, "gotol +0x7"],
    [0x0c, "w1 += w2"],
    [0x14, "w1 -= 0x7"],
    [0x16, "if w1 == 0x7 goto +0x7"],
    [0x18, "r1 = 0x7 ll", { src: 0 }],
    [0x18, "r1 = map[fd:7]", { src: 1 }],
    [0x18, "r1 = map[fd:7][0]+0", { src: 2 }],
    [0x18, "r1 = btf[id:7] module 0", { src: 3 }],
    [0x18, "r1 = subprog[+7]", { src: 4 }],
    [0x18, "r1 = map[idx:7]", { src: 5 }],
    [0x18, "r1 = map[idx:7][0]+0", { src: 6 }],
    [0x1c, "w1 -= w2"],
    [0x1e, "if w1 == w2 goto +0x7"],
    [0x26, "if w1 > 0x7 goto +0x7"],
    [0x2e, "if w1 > w2 goto +0x7"],
    [0x36, "if w1 >= 0x7 goto +0x7"],
    [0x3e, "if w1 >= w2 goto +0x7"],
    [0x44, "w1 |= 0x7"],
    [0x46, "if w1 & 0x7 goto +0x7"],
    [0x4c, "w1 |= w2"],
    [0x4e, "if w1 & w2 goto +0x7"],
    [0x54, "w1 &= 0x7"],
    [0x56, "if w1 != 0x7 goto +0x7"],
    [0x5c, "w1 &= w2"],
    [0x5e, "if w1 != w2 goto +0x7"],
    [0x61, "r1 = *(u32 *)(r2 + 0x7)"],
    [0x62, "*(u32 *)(r1 + 0x7) = 0x7"],
    [0x63, "*(u32 *)(r1 + 0x7) = r2"],
    [0x64, "w1 <<= 0x7"],
    [0x66, "if w1 s> 0x7 goto +0x7"],
    [0x69, "r1 = *(u16 *)(r2 + 0x7)"],
    [0x6a, "*(u16 *)(r1 + 0x7) = 0x7"],
    [0x6b, "*(u16 *)(r1 + 0x7) = r2"],
    [0x6c, "w1 <<= w2"],
    [0x6e, "if w1 s> w2 goto +0x7"],
    [0x71, "r1 = *(u8 *)(r2 + 0x7)"],
    [0x72, "*(u8 *)(r1 + 0x7) = 0x7"],
    [0x73, "*(u8 *)(r1 + 0x7) = r2"],
    [0x74, "w1 >>= 0x7"],
    [0x76, "if w1 s>= 0x7 goto +0x7"],
    [0x7c, "w1 >>= w2"],
    [0x7e, "if w1 s>= w2 goto +0x7"],
    [0x81, "r1 = *(s32 *)(r2 + 0x7)"],
    [0x84, "w1 = -w1"],
    [0x85, "call 0x7", { src: 0 }],
    [0x85, "call pc+7", { src: 1 }],
    [0x85, "call kfunc#7", { src: 2 }],
    [0x89, "r1 = *(s16 *)(r2 + 0x7)"],
    [0x91, "r1 = *(s8 *)(r2 + 0x7)"],
    [0x95, "exit"],
    [0xa4, "w1 ^= 0x7"],
    [0xa6, "if w1 < 0x7 goto +0x7"],
    [0xac, "w1 ^= w2"],
    [0xae, "if w1 < w2 goto +0x7"],
    [0xb4, "w1 = 0x7"],
    [0xb6, "if w1 <= 0x7 goto +0x7"],
    [0xbc, "w1 = w2", { offset: 0 }],
    [0xbc, "w1 = (s8)w2", { offset: 8 }],
    [0xbc, "w1 = (s16)w2", { offset: 16 }],
    [0xbe, "if w1 <= w2 goto +0x7"],
    [0xc4, "w1 s>>= 0x7"],
    [0xc6, "if w1 s< 0x7 goto +0x7"],
    [0xcc, "w1 s>>= w2"],
    [0xce, "if w1 s< w2 goto +0x7"],
    [0xd4, "r1 = le16 r1", { imm: 16 }],
    [0xd4, "r1 = le32 r1", { imm: 32 }],
    [0xd6, "if w1 s<= 0x7 goto +0x7"],
    [0xdc, "r1 = be16 r1", { imm: 16 }],
    [0xdc, "r1 = be32 r1", { imm: 32 }],
    [0xde, "if w1 s<= w2 goto +0x7"],
  ],
  base64: [
    [0x07, "r1 += 0x7"],
    [0x0f, "r1 += r2"],
    [0x15, "if r1 == 0x7 goto +0x7"],
    [0x17, "r1 -= 0x7"],
    [0x1d, "if r1 == r2 goto +0x7"],
    [0x1f, "r1 -= r2"],
    [0x25, "if r1 > 0x7 goto +0x7"],
    [0x2d, "if r1 > r2 goto +0x7"],
    [0x35, "if r1 >= 0x7 goto +0x7"],
    [0x3d, "if r1 >= r2 goto +0x7"],
    [0x45, "if r1 & 0x7 goto +0x7"],
    [0x47, "r1 |= 0x7"],
    [0x4d, "if r1 & r2 goto +0x7"],
    [0x4f, "r1 |= r2"],
    [0x55, "if r1 != 0x7 goto +0x7"],
    [0x57, "r1 &= 0x7"],
    [0x5d, "if r1 != r2 goto +0x7"],
    [0x5f, "r1 &= r2"],
    [0x65, "if r1 s> 0x7 goto +0x7"],
    [0x67, "r1 <<= 0x7"],
    [0x6d, "if r1 s> r2 goto +0x7"],
    [0x6f, "r1 <<= r2"],
    [0x75, "if r1 s>= 0x7 goto +0x7"],
    [0x77, "r1 >>= 0x7"],
    [0x79, "r1 = *(u64 *)(r2 + 0x7)"],
    [0x7a, "*(u64 *)(r1 + 0x7) = 0x7"],
    [0x7b, "*(u64 *)(r1 + 0x7) = r2"],
    [0x7d, "if r1 s>= r2 goto +0x7"],
    [0x7f, "r1 >>= r2"],
    [0x87, "r1 = -r1"],
    [0xa5, "if r1 < 0x7 goto +0x7"],
    [0xa7, "r1 ^= 0x7"],
    [0xad, "if r1 < r2 goto +0x7"],
    [0xaf, "r1 ^= r2"],
    [0xb5, "if r1 <= 0x7 goto +0x7"],
    [0xb7, "r1 = 0x7"],
    [0xbd, "if r1 <= r2 goto +0x7"],
    [0xbf, "r1 = r2", { offset: 0 }],
    [0xbf, "r1 = (s8)r2", { offset: 8 }],
    [0xbf, "r1 = (s16)r2", { offset: 16 }],
    [0xbf, "r1 = (s32)r2", { offset: 32 }],
    [0xc5, "if r1 s< 0x7 goto +0x7"],
    [0xc7, "r1 s>>= 0x7"],
    [0xcd, "if r1 s< r2 goto +0x7"],
    [0xcf, "r1 s>>= r2"],
    [0xd4, "r1 = le64 r1", { imm: 64 }],
    [0xd5, "if r1 s<= 0x7 goto +0x7"],
    [0xd7, "r1 = bswap16 r1", { imm: 16 }],
    [0xd7, "r1 = bswap32 r1", { imm: 32 }],
    [0xd7, "r1 = bswap64 r1", { imm: 64 }],
    [0xdc, "r1 = be64 r1", { imm: 64 }],
    [0xdd, "if r1 s<= r2 goto +0x7"],
  ],
  divmul32: [
    [0x24, "w1 *= 0x7"],
    [0x2c, "w1 *= w2"],
    [0x34, "w1 /= 0x7", { offset: 0 }],
    [0x34, "w1 s/= 0x7", { offset: 1 }],
    [0x3c, "w1 /= w2", { offset: 0 }],
    [0x3c, "w1 s/= w2", { offset: 1 }],
    [0x94, "w1 %= 0x7", { offset: 0 }],
    [0x94, "w1 s%= 0x7", { offset: 1 }],
    [0x9c, "w1 %= w2", { offset: 0 }],
    [0x9c, "w1 s%= w2", { offset: 1 }],
  ],
  divmul64: [
    [0x27, "r1 *= 0x7"],
    [0x2f, "r1 *= r2"],
    [0x37, "r1 /= 0x7", { offset: 0 }],
    [0x37, "r1 s/= 0x7", { offset: 1 }],
    [0x3f, "r1 /= r2", { offset: 0 }],
    [0x3f, "r1 s/= r2", { offset: 1 }],
    [0x97, "r1 %= 0x7", { offset: 0 }],
    [0x97, "r1 s%= 0x7", { offset: 1 }],
    [0x9f, "r1 %= r2", { offset: 0 }],
    [0x9f, "r1 s%= r2", { offset: 1 }],
  ],
  atomic32: [
    [0xc3, "lock *(u32 *)(r1 + 0x7) += w2", { imm: 0x00 }],
    [0xc3, "w2 = atomic_fetch_add((u32 *)(r1 + 0x7), w2)", { imm: 0x01 }],
    [0xc3, "lock *(u32 *)(r1 + 0x7) |= w2", { imm: 0x40 }],
    [0xc3, "w2 = atomic_fetch_or((u32 *)(r1 + 0x7), w2)", { imm: 0x41 }],
    [0xc3, "lock *(u32 *)(r1 + 0x7) &= w2", { imm: 0x50 }],
    [0xc3, "w2 = atomic_fetch_and((u32 *)(r1 + 0x7), w2)", { imm: 0x51 }],
    [0xc3, "lock *(u32 *)(r1 + 0x7) ^= w2", { imm: 0xa0 }],
    [0xc3, "w2 = atomic_fetch_xor((u32 *)(r1 + 0x7), w2)", { imm: 0xa1 }],
    [0xc3, "w2 = xchg32_32(r1 + 0x7, w2)", { imm: 0xe1 }],
    [0xc3, "w0 = cmpxchg32_32(r1 + 0x7, w0, w2)", { imm: 0xf1 }],
  ],
  atomic64: [
    [0xdb, "lock *(u64 *)(r1 + 0x7) += r2", { imm: 0x00 }],
    [0xdb, "r2 = atomic_fetch_add((u64 *)(r1 + 0x7), r2)", { imm: 0x01 }],
    [0xdb, "lock *(u64 *)(r1 + 0x7) |= r2", { imm: 0x40 }],
    [0xdb, "r2 = atomic_fetch_or((u64 *)(r1 + 0x7), r2)", { imm: 0x41 }],
    [0xdb, "lock *(u64 *)(r1 + 0x7) &= r2", { imm: 0x50 }],
    [0xdb, "r2 = atomic_fetch_and((u64 *)(r1 + 0x7), r2)", { imm: 0x51 }],
    [0xdb, "lock *(u64 *)(r1 + 0x7) ^= r2", { imm: 0xa0 }],
    [0xdb, "r2 = atomic_fetch_xor((u64 *)(r1 + 0x7), r2)", { imm: 0xa1 }],
    [0xdb, "r2 = xchg_64(r1 + 0x7, r2)", { imm: 0xe1 }],
    [0xdb, "r0 = cmpxchg_64(r1 + 0x7, r0, r2)", { imm: 0xf1 }],
  ],
  packet: [
    [0x20, "r0 = *(u32 *)skb[0x7]"],
    [0x28, "r0 = *(u16 *)skb[0x7]"],
    [0x30, "r0 = *(u8 *)skb[0x7]"],
    [0x40, "r0 = *(u32 *)skb[r2 + 0x7]"],
    [0x48, "r0 = *(u16 *)skb[r2 + 0x7]"],
    [0x50, "r0 = *(u8 *)skb[r2 + 0x7]"],
  ],
  "Linux alone": [
    [0xbf, "r1 = addr_space_cast(r2, 0x0, 0x1)", { offset: 1, imm: 1 }],
    [0xbf, "r1 = addr_space_cast(r2, 0x1, 0x0)", { offset: 1, imm: 0x10000 }],
    [0xc3, "w1 = load_acquire((u32 *)(r2 + 0x7))", { imm: 0x100 }],
    [0xc3, "store_release((u32 *)(r1 + 0x7), w2)", { imm: 0x110 }],
    [0xcb, "w1 = load_acquire((u16 *)(r2 + 0x7))", { imm: 0x100 }],
    [0xcb, "store_release((u16 *)(r1 + 0x7), w2)", { imm: 0x110 }],
    [0xd3, "w1 = load_acquire((u8 *)(r2 + 0x7))", { imm: 0x100 }],
    [0xd3, "store_release((u8 *)(r1 + 0x7), w2)", { imm: 0x110 }],
    [0xdb, "r1 = load_acquire((u64 *)(r2 + 0x7))", { imm: 0x100 }],
    [0xdb, "store_release((u64 *)(r1 + 0x7), r2)", { imm: 0x110 }],
    [0xe5, "may_goto +0x7", { src: 0 }],
  ],
};

describe.each(Object.entries(groups))("conformance group %s", (_group, rows) => {
  test.each(rows.map(([opcode, text, fields = {}]) => ({ opcode, text, fields })))(
    "$opcode: $text",
    ({ opcode, text, fields }) => {
      const code = assemble(text);
      const view = new CodeView(code);
      expect(view.opcode(0)).toBe(opcode);
      if (fields.src !== undefined) expect(view.src(0)).toBe(fields.src);
      if (fields.offset !== undefined) expect(view.offset(0)).toBe(fields.offset);
      if (fields.imm !== undefined) expect(view.imm(0)).toBe(fields.imm);
      expect(encode(decode(code))).toEqual(code);
      expect(disassemble(code).map((line) => line.text)).toEqual([text]);
    },
  );
});

test("there is no opcode beyond those of the groups", () => {
  const listed = new Set(Object.values(groups).flatMap((rows) => rows.map(([opcode]) => opcode)));
  const fieldsToTry = [0, 1, 16, 0x100];
  const isKnown = (opcode: number) =>
    fieldsToTry.some((imm) => {
      const bytes = new Uint8Array(opcode === 0x18 ? 16 : 8);
      bytes[0] = opcode;
      new DataView(bytes.buffer).setInt32(4, imm, true);
      try {
        return decode(bytes).length === 1;
      } catch {
        return false;
      }
    });
  for (let opcode = 0; opcode < 256; opcode++) {
    expect({ opcode, isKnown: isKnown(opcode) }).toEqual({ opcode, isKnown: listed.has(opcode) });
  }
});
