import { Errno, UpdateFlag } from "../uapi/index.js";
import type { BatchCommands, BatchResult } from "./batch.js";
import { Element, HashTable } from "./hash-table.js";
import { BpfMap, type ElementCursor, type MapDefinition, type MapHost } from "./map.js";

/** What all hash maps share: the table, look-ups and iteration (kernel/bpf/hashtab.c). */
export abstract class KeyedMap extends BpfMap {
  readonly table: HashTable;

  /** `elements` is how many the table has memory for; `valueRoom` bytes of each are its value. */
  constructor(definition: MapDefinition, host: MapHost, id: number, elements: number, valueRoom: number) {
    super(definition, host, id);
    this.table = new HashTable(host.arena, {
      keySize: definition.keySize,
      valueSize: valueRoom,
      maxEntries: definition.maxEntries,
      elements,
      name: definition.name,
      seed: host.random32(),
    });
  }

  protected findElement(key: number): number {
    return this.table.find(key, this.table.hash(key));
  }

  override lookup(key: number): number {
    const element = this.findElement(key);
    return element === 0 ? 0 : element + this.table.valueOffset;
  }

  protected override find(key: number): number {
    const element = this.findElement(key);
    return element === 0 ? 0 : element + this.table.valueOffset;
  }

  /** Takes an element out of the table and gives it back to where elements come from. */
  protected abstract discard(element: number): void;

  override delete(key: number): number {
    const element = this.findElement(key);
    if (element === 0) return -Errno.ENOENT;
    this.discard(element);
    return 0;
  }

  protected override take(call: string, key: number): Uint8Array {
    const element = this.findElement(key);
    if (element === 0) throw this.error(call, Errno.ENOENT);
    const value = this.readValue(element + this.table.valueOffset);
    this.discard(element);
    return value;
  }

  protected override get batchCommands(): BatchCommands {
    return { lookup: true, lookupAndDelete: true, update: true, delete: true };
  }

  /** Bucket by bucket, whole ones only; the cursor is a bucket (__htab_map_lookup_and_delete_batch). */
  protected override readBatch(
    call: string,
    cursor: Uint8Array | undefined,
    count: number,
    _flags: number,
    isTaken: boolean,
  ): BatchResult {
    const { table } = this;
    const keys: Uint8Array[] = [];
    const values: Uint8Array[] = [];
    const inBucket: number[] = [];
    let bucket = cursor === undefined ? 0 : bucketOf(cursor);
    for (; bucket <= table.mask; bucket++) {
      table.bucket(bucket, inBucket);
      if (inBucket.length > count - keys.length) {
        if (keys.length === 0)
          throw this.error(call, Errno.ENOSPC, `a bucket has ${inBucket.length} elements`);
        return { keys, values, cursor: bucketCursor(bucket), isEnd: false };
      }
      for (const element of inBucket) {
        keys.push(this.host.arena.u8.slice(element + Element.Key, element + Element.Key + table.keySize));
        values.push(this.userValue(element));
        if (isTaken) this.discard(element);
      }
    }
    return { keys, values, cursor: bucketCursor(bucket), isEnd: true };
  }

  /** What the user's look-up shows of an element. */
  protected userValue(element: number): Uint8Array {
    return this.readValue(element + this.table.valueOffset);
  }

  protected override following(key: number): number {
    const element = this.table.following(key === 0 ? 0 : this.findElement(key));
    return element === 0 ? 0 : element + Element.Key;
  }

  override elements(): ElementCursor {
    const { table } = this;
    const inBucket: number[] = [];
    let bucket = -1;
    let at = 0;
    const cursor = {
      key: 0,
      value: 0,
      next: () => {
        for (;;) {
          // What the callback has deleted meanwhile is not visited.
          while (at < inBucket.length && !table.isLinked(inBucket[at])) at++;
          if (at < inBucket.length) {
            cursor.key = inBucket[at] + Element.Key;
            cursor.value = this.programValue(inBucket[at]);
            at++;
            return true;
          }
          bucket++;
          if (bucket > table.mask) return false;
          table.bucket(bucket, inBucket);
          at = 0;
        }
      },
    };
    return cursor;
  }

  /** Address of the value that a program sees on the current CPU. */
  protected programValue(element: number): number {
    return element + this.table.valueOffset;
  }

  /** 0, or what is wrong with an update's flags (htab's check_flags). */
  protected refuseFlags(old: number, flags: number): number {
    if (old !== 0 && (flags & ~UpdateFlag.Lock) === UpdateFlag.NoExist) return -Errno.EEXIST;
    if (old === 0 && (flags & ~UpdateFlag.Lock) === UpdateFlag.Exist) return -Errno.ENOENT;
    return 0;
  }

  protected areFlagsUnknown(flags: number): boolean {
    return flags >>> 31 !== 0 || (flags & ~UpdateFlag.Lock) > UpdateFlag.Exist;
  }

  protected override destroy(): void {
    if (this.definition.special !== undefined) {
      for (let at = this.table.following(0); at !== 0; at = this.table.following(at)) {
        this.valueGone(at + this.table.valueOffset);
      }
    }
    this.table.free();
  }
}

function bucketOf(cursor: Uint8Array): number {
  return new DataView(cursor.buffer, cursor.byteOffset).getUint32(0, true);
}

function bucketCursor(bucket: number): Uint8Array {
  const cursor = new Uint8Array(4);
  new DataView(cursor.buffer).setUint32(0, bucket, true);
  return cursor;
}
