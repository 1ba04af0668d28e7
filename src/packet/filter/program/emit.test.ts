import { describe, expect, test } from "vitest";
import { ClassicBpfMachine } from "../classic-bpf/machine.js";
import { ACCEPT, type Block, type Place, REJECT } from "./block.js";
import { emit } from "./emit.js";
import { ValueTable } from "./value.js";

const values = new ValueTable();

/** A block that asks whether the packet's length is 1. */
function isOne(ifTrue: Place, ifFalse: Place): Block {
  const step = { kind: "compare", operator: "eq", left: values.length(), right: values.number(1) } as const;
  return { kind: "block", step, ifTrue, ifFalse };
}

/** Blocks of one instruction that go on to one place. */
function filling(count: number, next: Place): Block[] {
  const blocks: Block[] = [];
  for (let place = next; blocks.length < count; place = blocks[0]) {
    // No two loads are the same, or the second would be left out.
    const left = values.load(1, undefined, blocks.length);
    const step = { kind: "compare", operator: "eq", left, right: values.number(0) } as const;
    blocks.unshift({ kind: "block", step, ifTrue: place, ifFalse: place });
  }
  return blocks;
}

describe("blocks as instructions", () => {
  test.each([
    ["true", "false"],
    ["false", "true"],
  ])("jumps of every length about the furthest, with what is %s nearer", (nearer) => {
    for (let before = 248; before < 260; before++) {
      for (const between of [0, 1, 2, 255]) {
        const far = isOne(nearer === "true" ? REJECT : ACCEPT, nearer === "true" ? ACCEPT : REJECT);
        const near = isOne(nearer === "true" ? ACCEPT : REJECT, nearer === "true" ? REJECT : ACCEPT);
        const middle = [...filling(before, REJECT), near, ...filling(between, REJECT), far];
        const entry = nearer === "true" ? isOne(near, far) : isOne(far, near);
        // Whichever way is right is accepted where it leads, and nowhere else.
        const machine = new ClassicBpfMachine(emit({ entry, blocks: [entry, ...middle] }, 7, 0));
        const packet = new Uint8Array(0);
        expect([machine.run(packet, 0, 1), machine.run(packet, 0, 2)], `${before} ${between}`).toEqual([
          7, 7,
        ]);
      }
    }
  });
});
