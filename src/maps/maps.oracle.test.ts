import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { KernelError } from "../errors.js";
import { MapFlag, MapType, mapTypeName } from "../uapi/index.js";
import { BatchError } from "./batch.js";
import { createMap } from "./create-map.js";
import { isolateThread, kernelMap } from "./kernel-map.oracle.js";
import { Helper, helpersOf, KernelProgram, OurProgram } from "./kernel-program.oracle.js";
import type { BpfMap, MapDefinition } from "./map.js";
import { possibleCpus, TestHost } from "./test-host.oracle.js";

const cpus = possibleCpus();
const seed = Number(process.env.WIREBEE_SEED ?? Date.now() % 2 ** 31);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

type Face = Pick<
  BpfMap,
  | "lookupElem"
  | "updateElem"
  | "deleteElem"
  | "lookupAndDeleteElem"
  | "nextKey"
  | "freeze"
  | "lookupBatch"
  | "lookupAndDeleteBatch"
  | "updateBatch"
  | "deleteBatch"
>;

/** One step: what to do, with which key (by number), value and flags. */
interface Step {
  readonly what: string;
  readonly key: number;
  readonly value: number;
  readonly flags: number;
}

interface Subject {
  readonly definition: MapDefinition;
  readonly keys: readonly Uint8Array[];
  /** Whether Linux's order of keys is our own too. */
  readonly isOrdered: boolean;
}

function bytesFor(size: number, step: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => (step * 31 + i * 7 + 1) & 0xff);
}

function describeError(error: unknown): string {
  if (!(error instanceof KernelError)) throw error;
  const done = error instanceof BatchError || "done" in error ? ` after ${(error as BatchError).done}` : "";
  return error.code + done;
}

/** What a step gave, as text that both faces must agree on. */
function perform(face: Face, subject: Subject, step: Step): string {
  const { definition, keys, isOrdered } = subject;
  const perCpu: number[] = [MapType.PercpuHash, MapType.PercpuArray, MapType.LruPercpuHash];
  const { valueSize } = definition;
  const size = perCpu.includes(definition.type) ? Math.ceil(valueSize / 8) * 8 * cpus : valueSize;
  const key = keys[step.key % keys.length];
  const value = padPerCpu(bytesFor(size, step.value), valueSize, size);
  try {
    switch (step.what) {
      case "lookup":
        return hex(face.lookupElem(key, step.flags));
      case "update":
        face.updateElem(key, value, step.flags);
        return "ok";
      case "delete":
        face.deleteElem(key);
        return "ok";
      case "take":
        return hex(face.lookupAndDeleteElem(key, step.flags));
      case "next":
        return isOrdered ? nextOf(face, key) : keysFrom(face, key);
      case "freeze":
        face.freeze();
        return "ok";
      case "updateBatch": {
        const some = [key, keys[step.value % keys.length], keys[(step.key + 3) % keys.length]];
        const values = some.map((_, i) => padPerCpu(bytesFor(size, step.value + i), valueSize, size));
        return `wrote ${face.updateBatch(some, values, step.flags)}`;
      }
      case "deleteBatch":
        return `deleted ${face.deleteBatch([key, keys[step.value % keys.length]], step.flags)}`;
      case "lookupBatch":
      case "takeBatch": {
        // Whole maps only: how hash maps share out their buckets is a matter of the hash function.
        const count = definition.maxEntries * 4;
        const batch =
          step.what === "lookupBatch"
            ? face.lookupBatch(undefined, count, step.flags)
            : face.lookupAndDeleteBatch(undefined, count, step.flags);
        const pairs = batch.keys.map((each, i) => `${hex(each)}=${hex(batch.values[i])}`);
        return `${batch.isEnd} ${(isOrdered ? pairs : pairs.sort()).join(" ")}`;
      }
      default:
        throw new RangeError(step.what);
    }
  } catch (error) {
    return describeError(error);
  }
}

function nextOf(face: Face, key: Uint8Array | undefined): string {
  const next = face.nextKey(key);
  return next === undefined ? "none" : hex(next);
}

/**
 * Which key follows is a matter of the hash function. What both must have: a key that is not there is
 * followed by the first one, and from there on every key comes once.
 */
function keysFrom(face: Face, key: Uint8Array): string {
  const all: string[] = [];
  for (let at = face.nextKey(); at !== undefined; at = face.nextKey(at)) all.push(hex(at));
  const isThere = all.includes(hex(key));
  return `${isThere || nextOf(face, key) === nextOf(face, undefined)} ${all.sort().join(" ")}`;
}

/** Linux does not copy the bytes between a per-CPU value's size and its stride for all types alike. */
function padPerCpu(value: Uint8Array, valueSize: number, size: number): Uint8Array {
  if (size === valueSize) return value;
  const stride = Math.ceil(valueSize / 8) * 8;
  for (let at = 0; at < size; at += stride) value.fill(0, at + valueSize, at + stride);
  return value;
}

/** All that a map holds, by the user's face. */
function contents(face: Face, subject: Subject): string[] {
  const pairs: string[] = [];
  let key: Uint8Array | undefined;
  try {
    for (;;) {
      key = face.nextKey(key);
      if (key === undefined) break;
      let value = "nothing";
      try {
        value = hex(face.lookupElem(key));
      } catch (error) {
        value = describeError(error);
      }
      pairs.push(`${hex(key)}=${value}`);
    }
  } catch (error) {
    return [describeError(error)];
  }
  return subject.isOrdered ? pairs : pairs.sort();
}

const numbered = (size: number, count: number) =>
  Array.from({ length: count }, (_, i) =>
    Uint8Array.from({ length: size }, (_, at) => (at === 0 ? i : i * at)),
  );

function indices(count: number): Uint8Array[] {
  return [...Array.from({ length: count + 2 }, (_, i) => i), 0xffffffff].map((index) => {
    const key = new Uint8Array(4);
    new DataView(key.buffer).setUint32(0, index, true);
    return key;
  });
}

/** Prefixes that hold one another, part early and part late; one that is too long. */
function prefixes(dataSize: number): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (const prefix of [0, 1, 2, 7, 8, 9, 15, 16, dataSize * 8 - 1, dataSize * 8, dataSize * 8 + 1]) {
    for (const first of [0x00, 0x80, 0xc0, 0xc1]) {
      const key = new Uint8Array(4 + dataSize);
      new DataView(key.buffer).setUint32(0, prefix, true);
      key.fill(first, 4);
      if (first === 0xc1) key[key.length - 1] = 1;
      keys.push(key);
    }
  }
  return keys;
}

const hashTypes: number[] = [MapType.Hash, MapType.PercpuHash, MapType.LruHash, MapType.LruPercpuHash];
const lruTypes: number[] = [MapType.LruHash, MapType.LruPercpuHash];

function subjectOf(type: MapType): fc.Arbitrary<Subject> {
  const shape = fc.record({
    keySize: fc.constantFrom(1, 3, 4, 7, 8, 16, 20),
    valueSize: fc.constantFrom(1, 4, 8, 13, 24),
    maxEntries: fc.constantFrom(1, 2, 3, 5, 8),
    flags: fc.constant(0),
  });
  return shape.chain((sizes): fc.Arbitrary<Subject> => {
    const base = { name: "m", type, ...sizes };
    if (hashTypes.includes(type)) {
      const flags = lruTypes.includes(type) ? [0, MapFlag.NoCommonLru] : [0, 0, MapFlag.NoPrealloc];
      const keys = numbered(sizes.keySize, sizes.maxEntries + 4);
      return fc
        .constantFrom(...flags)
        .map((each) => ({ definition: { ...base, flags: each }, keys, isOrdered: false }));
    }
    if (type === MapType.LpmTrie) {
      const keySize = 4 + sizes.keySize;
      const definition = { ...base, keySize, flags: MapFlag.NoPrealloc };
      return fc.constant({ definition, keys: prefixes(sizes.keySize), isOrdered: true });
    }
    if (type === MapType.Queue || type === MapType.Stack) {
      return fc.constant({ definition: { ...base, keySize: 0 }, keys: [new Uint8Array(0)], isOrdered: true });
    }
    const definition = { ...base, keySize: 4 };
    return fc.constant({ definition, keys: indices(sizes.maxEntries), isOrdered: true });
  });
}

const userSteps = ["lookup", "update", "update", "delete", "take", "next"];
const batchSteps = ["updateBatch", "deleteBatch", "lookupBatch", "takeBatch"];
/** BPF_ANY, NOEXIST, EXIST, both, F_LOCK, and beyond. */
const flagChoices = [0, 0, 0, 1, 2, 3, 4, 8];

function stepsOf(type: MapType, whats: readonly string[], length: number): fc.Arbitrary<Step[]> {
  const helpers = helpersOf(type).map((helper) => `helper ${helper}`);
  const step = fc.record({
    what: fc.constantFrom(...whats, ...helpers),
    key: fc.nat(255),
    value: fc.nat(255),
    flags: fc.constantFrom(...flagChoices),
  });
  return fc.array(step, { minLength: 1, maxLength: length });
}

/** Runs a sequence on both, and returns what they did not agree on. */
function differences(subject: Subject, steps: readonly Step[]): string[] {
  const { definition, keys } = subject;
  const host = new TestHost(cpus);
  const theirs = kernelMap(definition);
  const ours = createMap(definition, host, 1);
  const theirProgram = new KernelProgram(theirs);
  const ourProgram = new OurProgram(ours);
  const found: string[] = [];
  try {
    for (const [index, step] of steps.entries()) {
      const [, helper] = step.what.split("helper ");
      const outcome = (face: Face, program: KernelProgram | OurProgram) => {
        if (helper === undefined) return perform(face, subject, step);
        const id = Number(helper) as Helper;
        const flags = BigInt(id === Helper.lookupPerCpu ? step.flags % (cpus + 1) : step.flags);
        const value = bytesFor(definition.valueSize, step.value);
        const { result, value: after } = program.run(id, flags, keys[step.key % keys.length], value);
        return `${result} ${after}`;
      };
      const [a, b] = [outcome(ours, ourProgram), outcome(theirs, theirProgram)];
      if (a !== b) found.push(`step ${index} ${JSON.stringify(step)}: ours ${a}, Linux ${b}`);
    }
    const [a, b] = [contents(ours, subject), contents(theirs, subject)];
    if (a.join() !== b.join()) found.push(`contents: ours ${a}, Linux ${b}`);
  } finally {
    theirProgram.close();
    theirs.close();
    ourProgram.close();
    ours.release();
  }
  if (host.arena.used !== 0) found.push(`${host.arena.used} bytes of the arena are lost`);
  return found;
}

const types = [
  MapType.Hash,
  MapType.Array,
  MapType.PercpuHash,
  MapType.PercpuArray,
  MapType.LruHash,
  MapType.LruPercpuHash,
  MapType.LpmTrie,
  MapType.Queue,
  MapType.Stack,
];
const SEQUENCES = 300;

describeWith(["bpf"], `maps, ours and Linux's, seed ${seed}`, () => {
  beforeAll(isolateThread);

  test.each(types.map((type) => [mapTypeName(type), type] as const))("%s", (_name, type) => {
    const whats = [...userSteps, ...userSteps, ...batchSteps];
    const cases = fc.tuple(subjectOf(type), stepsOf(type, whats, 40));
    fc.assert(
      fc.property(cases, ([subject, steps]) => {
        expect(differences(subject, steps)).toEqual([]);
      }),
      { numRuns: SEQUENCES, seed },
    );
  });

  test.each(types.map((type) => [mapTypeName(type), type] as const))("%s, frozen", (_name, type) => {
    const cases = fc.tuple(
      subjectOf(type),
      stepsOf(type, userSteps, 8),
      stepsOf(type, [...userSteps, ...batchSteps, "freeze"], 12),
    );
    fc.assert(
      fc.property(cases, ([subject, before, after]) => {
        const freeze = { what: "freeze", key: 0, value: 0, flags: 0 };
        expect(differences(subject, [...before, freeze, ...after])).toEqual([]);
      }),
      { numRuns: 40, seed },
    );
  });
});
