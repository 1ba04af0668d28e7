import { expect, test } from "vitest";
import { BtfBuilder, BtfKind, decodeValue } from "./index.js";

test("a part of an array that clang has split is shown as its bytes", () => {
  const builder = new BtfBuilder();
  const encoding = { signed: false, char: false, bool: false };
  const int = builder.add({ kind: BtfKind.Int, name: "long", size: 8, bits: 64, bitOffset: 0, encoding });
  const array = builder.add({ kind: BtfKind.Array, name: "", type: int, indexType: int, length: 3 });
  const part = builder.add({ kind: BtfKind.Var, name: "part.0", type: array, linkage: "static" });
  const whole = builder.add({ kind: BtfKind.Var, name: "whole", type: int, linkage: "global" });
  const section = builder.add({
    kind: BtfKind.Datasec,
    name: ".data",
    size: 16,
    variables: [
      { type: part, offset: 0, size: 8 },
      { type: whole, offset: 8, size: 8 },
    ],
  });
  const bytes = Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0, 0, 0);
  const value = decodeValue(builder.build(), section, bytes, true);
  expect(value).toEqual({ "part.0": [2, 0, 0, 0, 0, 0, 0, 1], whole: 5n });
});
