import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NotSupportedError } from "../errors.js";
import { Arena } from "./index.js";

const MEGABYTE = 1024 * 1024;

describe("the arena", () => {
  test("hands out zeroed, aligned blocks that do not overlap, and takes them back", () => {
    const step = fc.record({
      isFree: fc.boolean(),
      which: fc.nat(30),
      size: fc.integer({ min: 0, max: 100_000 }),
      align: fc.constantFrom(1, 16, 64, 4096),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const arena = new Arena(16 * MEGABYTE);
        const blocks: { address: number; size: number }[] = [];
        for (const { isFree, which, size, align } of steps) {
          if (isFree && blocks.length > 0) {
            const [block] = blocks.splice(which % blocks.length, 1);
            arena.free(block.address);
            continue;
          }
          const address = arena.alloc(size, align);
          expect(address % align).toBe(0);
          expect(address).toBeGreaterThanOrEqual(65536);
          expect(arena.bytes(address, size).every((byte) => byte === 0)).toBe(true);
          const isApart = blocks.every(
            (other) => address + size <= other.address || other.address + other.size <= address,
          );
          expect(isApart).toBe(true);
          arena.u8.fill(0xff, address, address + size);
          blocks.push({ address, size });
        }
        for (const { address } of blocks) arena.free(address);
        expect(arena.used).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test("refuses what it has no room for, and goes on", () => {
    const arena = new Arena(2 * MEGABYTE);
    expect(() => arena.alloc(3 * MEGABYTE, 16, "map big")).toThrow(/map big needs 3145728 bytes/);
    expect(() => arena.alloc(3 * MEGABYTE)).toThrow(NotSupportedError);
    arena.free(arena.alloc(MEGABYTE));
    expect(arena.used).toBe(0);
  });

  test("gives back all that a failed attempt has reserved, and nothing else", () => {
    const arena = new Arena(2 * MEGABYTE);
    const kept = arena.alloc(64);
    const attempt = () =>
      arena.allOrNothing(() => {
        arena.alloc(100);
        arena.allOrNothing(() => arena.alloc(200));
        return arena.alloc(3 * MEGABYTE);
      });
    expect(attempt).toThrow(NotSupportedError);
    expect(arena.used).toBe(64);
    expect(arena.allOrNothing(() => arena.alloc(32))).not.toBe(kept);
    expect(arena.used).toBe(96);
  });

  test("frees only what it has handed out", () => {
    expect(() => new Arena(MEGABYTE).free(65536)).toThrow(RangeError);
  });

  test("grows, and its views with it", () => {
    const arena = new Arena();
    const { view } = arena;
    const address = arena.alloc(4 * MEGABYTE);
    expect(Object.is(arena.view, view)).toBe(false);
    arena.view.setUint32(address + 4 * MEGABYTE - 4, 0xabcdef, true);
    expect(arena.u32[(address + 4 * MEGABYTE - 4) / 4]).toBe(0xabcdef);
    expect(arena.u8.buffer).toBe(arena.memory.buffer);
  });
});
