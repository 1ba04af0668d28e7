import { type Block, type BlockProgram, type Place, REJECT, reachable } from "./block.js";
import { after, common, decide, type Facts, isReckoned, NOTHING_KNOWN } from "./fact.js";
import type { Step } from "./predicate.js";
import { canReject } from "./value.js";

/** One round mostly suffices; what it leaves over makes work for few more. */
const MOST_ROUNDS = 8;

/**
 * A program of fewer steps that gives the same verdict on every packet, also where a load is outside
 * of it: steps are left out only where their loads were made before, or are all that they were for.
 * Unlike libpcap's optimiser this one never changes the order of tests, and so not what a packet cut
 * short is rejected by.
 */
export function optimize(program: BlockProgram): BlockProgram {
  let { entry, blocks } = program;
  for (let round = 0, changed = true; changed && round < MOST_ROUNDS; round++) {
    const threaded = threadJumps(entry, blocks);
    const merged = merge(entry, blocks, threaded.facts);
    changed = threaded.changed || merged.changed;
    entry = merged.entry;
    blocks = reachable({ entry, blocks });
  }
  return { entry, blocks };
}

interface Threaded {
  readonly changed: boolean;
  /** What is known on entry to each block. */
  readonly facts: KnownFacts;
}

type KnownFacts = ReadonlyMap<Block, Facts>;

/** Lets jumps pass by the comparisons whose outcome is known on the way there. */
function threadJumps(entry: Place, blocks: readonly Block[]): Threaded {
  const facts = new Map<Block, Facts>();
  if (entry.kind === "block") facts.set(entry, NOTHING_KNOWN);
  let changed = false;
  const go = (to: Place, known: Facts): Place => {
    let place = to;
    while (place.kind === "block" && place.step.kind === "compare") {
      const outcome = decide(place.step, known);
      if (outcome === undefined) break;
      place = outcome ? place.ifTrue : place.ifFalse;
    }
    changed ||= place !== to;
    if (place.kind === "block") {
      const before = facts.get(place);
      facts.set(place, before === undefined ? known : common(before, known));
    }
    return place;
  };
  for (const block of blocks) {
    const known = facts.get(block);
    if (known === undefined) continue;
    const { step } = block;
    if (block.ifTrue === block.ifFalse) {
      const then = step.kind === "compare" ? after(known, step, undefined) : known;
      block.ifTrue = block.ifFalse = go(block.ifTrue, then);
    } else if (step.kind === "compare") {
      block.ifTrue = go(block.ifTrue, after(known, step, true));
      block.ifFalse = go(block.ifFalse, after(known, step, false));
    } else {
      block.ifTrue = go(block.ifTrue, known);
      block.ifFalse = go(block.ifFalse, known);
    }
  }
  return { changed, facts };
}

/** Leaves out steps that decide nothing, and makes one of blocks that do the same. */
function merge(
  entry: Place,
  blocks: readonly Block[],
  facts: KnownFacts,
): { entry: Place; changed: boolean } {
  const replaced = new Map<Place, Place>();
  const numbers = new Map<Place, number>();
  const known = new Map<string, Block>();
  const resolve = (place: Place): Place => replaced.get(place) ?? place;
  const number = (place: Place): number => {
    if (!numbers.has(place)) numbers.set(place, numbers.size);
    return numbers.get(place)!;
  };
  for (let i = blocks.length - 1; i >= 0; i--) {
    const block = blocks[i];
    block.ifTrue = resolve(block.ifTrue);
    block.ifFalse = resolve(block.ifFalse);
    if (decidesNothing(block, facts.get(block) ?? NOTHING_KNOWN)) {
      replaced.set(block, block.ifTrue);
      continue;
    }
    const key = `${stepKey(block.step)};${number(block.ifTrue)},${number(block.ifFalse)}`;
    const same = known.get(key);
    if (same === undefined) known.set(key, block);
    else replaced.set(block, same);
  }
  return { entry: resolve(entry), changed: replaced.size > 0 };
}

/** A step whose outcome makes no difference, nor whether it rejects the packet by a load. */
function decidesNothing({ step, ifTrue, ifFalse }: Block, facts: Facts): boolean {
  if (ifTrue !== ifFalse) return false;
  if (ifTrue === REJECT) return true;
  if (step.kind !== "compare") return false;
  return (!canReject(step.left) && !canReject(step.right)) || isReckoned(step, facts);
}

function stepKey(step: Step): string {
  switch (step.kind) {
    case "compare":
      return `${step.operator}${step.left.id},${step.right.id}`;
    case "store":
      return `store${step.slot},${step.value.id}`;
    case "protochain":
      return `chain${step.chain.version},${step.chain.offset},${step.chain.protocol}`;
  }
}
