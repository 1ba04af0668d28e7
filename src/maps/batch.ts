import { KernelError } from "../errors.js";
import { Errno } from "../uapi/index.js";
import type { BpfMap } from "./map.js";

/** What BPF_MAP_LOOKUP_BATCH and BPF_MAP_LOOKUP_AND_DELETE_BATCH give. */
export interface BatchResult {
  readonly keys: Uint8Array[];
  readonly values: Uint8Array[];
  /** Where the next batch begins. Its meaning is the map's own: a key, or a bucket's number. */
  readonly cursor: Uint8Array | undefined;
  /** Nothing follows: what Linux says with ENOENT. */
  readonly isEnd: boolean;
}

/** The batch commands that a map type has. */
export interface BatchCommands {
  readonly lookup: boolean;
  readonly lookupAndDelete: boolean;
  readonly update: boolean;
  readonly delete: boolean;
}

export const NO_BATCH: BatchCommands = {
  lookup: false,
  lookupAndDelete: false,
  update: false,
  delete: false,
};

/** A batch that stopped early: `done` elements were written before the one that was refused. */
export class BatchError extends KernelError {
  override name = "BatchError";
  readonly done: number;

  constructor(call: string, refusal: KernelError, done: number) {
    super(call, refusal.errno, `element ${done}: ${refusal.message}`, { cause: refusal });
    this.done = done;
  }
}

/** generic_map_update_batch and generic_map_delete_batch: one after the other, up to the first error. */
export function writeBatch(call: string, count: number, write: (index: number) => void): number {
  for (let done = 0; done < count; done++) {
    try {
      write(done);
    } catch (error) {
      throw error instanceof KernelError ? new BatchError(call, error, done) : error;
    }
  }
  return count;
}

/** generic_map_lookup_batch: goes from key to key; the cursor is the last key given. */
export function lookupKeyByKey(
  map: BpfMap,
  cursor: Uint8Array | undefined,
  count: number,
  flags: number,
): BatchResult {
  const keys: Uint8Array[] = [];
  const values: Uint8Array[] = [];
  let last = cursor;
  while (keys.length < count) {
    const key = map.nextKey(last);
    if (key === undefined) return { keys, values, cursor: last, isEnd: true };
    last = key;
    try {
      values.push(map.lookupElem(key, flags));
    } catch (error) {
      // An empty place of an array of maps, for one, is passed over.
      if (error instanceof KernelError && error.errno === Errno.ENOENT) continue;
      throw error;
    }
    keys.push(key);
  }
  return { keys, values, cursor: last, isEnd: false };
}
