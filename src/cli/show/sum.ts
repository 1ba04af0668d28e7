import { type Btf, BtfKind, type BtfValue } from "../../btf/index.js";

/**
 * The sum of a per-CPU value's copies, member by member; undefined where something in it is no plain
 * integer, of which a sum would mean nothing. Sums wrap at the type's size, as a program's would.
 */
export function sumOf(btf: Btf, typeId: number, values: readonly BtfValue[]): BtfValue | undefined {
  // __be32 and its kin are numbers in the wrong order for adding.
  if (/^__be/.test(btf.name(typeId))) return undefined;
  const type = btf.resolved(typeId);
  switch (type.kind) {
    case BtfKind.Int: {
      const { signed, bool, char } = type.encoding;
      if (bool || char || !values.every(isNumber)) return undefined;
      const total = values.reduce<bigint>((sum, value) => sum + BigInt(value as number | bigint), 0n);
      const bits = type.size * 8;
      const wrapped = signed ? BigInt.asIntN(bits, total) : BigInt.asUintN(bits, total);
      return type.size > 4 ? wrapped : Number(wrapped);
    }
    case BtfKind.Array: {
      const sums = Array.from({ length: type.length }, (_, i) =>
        sumOf(
          btf,
          type.type,
          values.map((value) => (Array.isArray(value) ? value[i] : "")),
        ),
      );
      return sums.every((sum) => sum !== undefined) ? sums : undefined;
    }
    case BtfKind.Struct: {
      const sums: Record<string, BtfValue> = {};
      for (const member of type.members) {
        // The members of an anonymous one are among the struct's own: such structs are shown CPU by CPU.
        if (member.name === "" || member.bitFieldSize !== 0) return undefined;
        const own = values.map((value) => (value as Record<string, BtfValue>)[member.name]);
        const sum = sumOf(btf, member.type, own);
        if (sum === undefined) return undefined;
        sums[member.name] = sum;
      }
      return sums;
    }
    default:
      return undefined;
  }
}

function isNumber(value: BtfValue): boolean {
  return typeof value === "number" || typeof value === "bigint";
}
