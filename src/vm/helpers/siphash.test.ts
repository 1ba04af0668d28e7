import { describe, expect, test } from "vitest";
import { siphash32 } from "./siphash.js";

/** The key 00 01 … 0f of the paper's appendix A. */
const KEY = [0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c] as const;

describe("SipHash-2-4", () => {
  // The reference implementation's vectors_sip64 for 00 01 …; 15 bytes are the paper's own example.
  test.each([
    [0, 0xdd0e0e31],
    [1, 0x93dc67fd],
    [4, 0x277187b7],
    [7, 0x8b01d137],
    [8, 0x9a932462],
    [15, 0xbe45e5 | (0x49 << 24)],
    [16, 0x57c29bdb],
    [63, 0xeb064572],
  ])("of %i bytes", (length, low) => {
    expect(
      siphash32(
        Uint8Array.from({ length }, (_, i) => i),
        KEY,
      ),
    ).toBe(low >>> 0);
  });
});
