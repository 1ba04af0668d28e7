import { holds, type Predicate, type Step } from "./predicate.js";

/** Where a program ends. */
export interface Verdict {
  readonly kind: "verdict";
  readonly accepts: boolean;
}

export const ACCEPT: Verdict = { kind: "verdict", accepts: true };
export const REJECT: Verdict = { kind: "verdict", accepts: false };

/** One step and where to go on; a step without a condition has the same place twice. */
export interface Block {
  readonly kind: "block";
  readonly step: Step;
  /** The optimiser moves them, to places that come later in the program. */
  ifTrue: Place;
  ifFalse: Place;
}

export type Place = Block | Verdict;

/** A program as blocks: all that the entry leads to, every one before those that it goes on to. */
export interface BlockProgram {
  readonly entry: Place;
  readonly blocks: readonly Block[];
}

/** The blocks that try a predicate's parts in their order. */
export function toBlocks(predicate: Predicate): BlockProgram {
  const blocks: Block[] = [];
  const entry = lower(predicate, ACCEPT, REJECT, blocks);
  return { entry, blocks: reachable({ entry, blocks: blocks.reverse() }) };
}

/** Blocks are made from the last to the first, since each must know those that it goes on to. */
function lower(predicate: Predicate, ifTrue: Place, ifFalse: Place, blocks: Block[]): Place {
  switch (predicate.kind) {
    case "not":
      return lower(predicate.operand, ifFalse, ifTrue, blocks);
    case "sequence": {
      let [whenTrue, whenFalse] = [ifTrue, ifFalse];
      for (let i = predicate.rest.length - 1; i >= 0; i--) {
        const { operator, operand } = predicate.rest[i];
        const entry = lower(operand, whenTrue, whenFalse, blocks);
        if (operator === "and") whenTrue = entry;
        else whenFalse = entry;
      }
      return lower(predicate.first, whenTrue, whenFalse, blocks);
    }
    case "compare": {
      const { operator, left, right } = predicate;
      if (left.kind === "number" && right.kind === "number") {
        return holds(operator, left.value, right.value) ? ifTrue : ifFalse;
      }
      return push(blocks, predicate, ifTrue, ifFalse);
    }
    case "store":
      return push(blocks, predicate, ifTrue, ifTrue);
    case "protochain":
      return push(blocks, predicate, ifTrue, ifFalse);
  }
}

function push(blocks: Block[], step: Step, ifTrue: Place, ifFalse: Place): Block {
  const block: Block = { kind: "block", step, ifTrue, ifFalse };
  blocks.push(block);
  return block;
}

/** Those of the blocks that are reached, in their order. */
export function reachable({ entry, blocks }: BlockProgram): Block[] {
  const reached = new Set<Place>([entry]);
  return blocks.filter((block) => {
    if (!reached.has(block)) return false;
    reached.add(block.ifTrue).add(block.ifFalse);
    return true;
  });
}
