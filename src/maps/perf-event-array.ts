import { Errno } from "../uapi/index.js";
import { BpfMap, type MapDefinition, type MapHost } from "./map.js";

/** One record of a program, as it left the kernel. */
export interface PerfRecord {
  readonly cpu: number;
  /**
   * What the program gave, and the packet bytes that it asked to append; zeroes behind them, so that it
   * is 4 bytes less than a multiple of 8 (kernel/events/core.c, perf_prepare_sample).
   */
  readonly data: Uint8Array;
}

/** Bytes of records that a CPU's buffer holds by default, as libbpf's 64 pages of 4 KiB. */
const DEFAULT_ROOM = 64 * 4096;
/** A record's header, and the length that precedes its data. */
const RECORD_OVERHEAD = 12;

class CpuBuffer {
  readonly records: PerfRecord[] = [];
  readonly room: number;
  used = 0;
  lost = 0;

  constructor(room: number) {
    this.room = room;
  }
}

/** PERF_EVENT_ARRAY: a buffer for each CPU that somebody has opened; full buffers lose records. */
export class PerfEventArray extends BpfMap {
  readonly #buffers = new Map<number, CpuBuffer>();
  #onRecord: (() => void) | undefined;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
  }

  /** Opens a buffer for every CPU that the map has an entry for. */
  open(room = DEFAULT_ROOM, onRecord?: () => void): void {
    this.#onRecord = onRecord;
    for (let cpu = 0; cpu < Math.min(this.host.cpus, this.definition.maxEntries); cpu++) {
      this.#buffers.set(cpu, new CpuBuffer(room));
    }
  }

  /** Closes every buffer: records are lost from now on, with -ENOENT for who makes them. */
  close(): void {
    this.#onRecord = undefined;
    this.#buffers.clear();
  }

  /** Records that full buffers have lost since they were opened. */
  get lost(): number {
    let lost = 0;
    for (const buffer of this.#buffers.values()) lost += buffer.lost;
    return lost;
  }

  /**
   * bpf_perf_event_output: a record for the buffer at `index`, from `cpu`. 0, -E2BIG beyond the map,
   * -ENOENT where no buffer is open, -EOPNOTSUPP for another CPU's, -ENOSPC where it is full.
   */
  output(index: number, cpu: number, data: Uint8Array): number {
    if (index >= this.definition.maxEntries) return -Errno.E2BIG;
    const buffer = this.#buffers.get(index);
    if (buffer === undefined) return -Errno.ENOENT;
    if (index !== cpu) return -Errno.EOPNOTSUPP;
    const size = Math.ceil((data.length + RECORD_OVERHEAD) / 8) * 8;
    if (buffer.used + size > buffer.room) {
      buffer.lost++;
      return -Errno.ENOSPC;
    }
    buffer.used += size;
    const padded = new Uint8Array(size - RECORD_OVERHEAD);
    padded.set(data);
    buffer.records.push({ cpu, data: padded });
    this.#onRecord?.();
    return 0;
  }

  /** Takes all records, CPU by CPU, in the order in which they were written. */
  drain(): PerfRecord[] {
    const all: PerfRecord[] = [];
    for (const buffer of this.#buffers.values()) {
      all.push(...buffer.records.splice(0));
      buffer.used = 0;
    }
    return all;
  }

  override lookupElem(_key: Uint8Array, _flags = 0): Uint8Array {
    throw this.error("BPF_MAP_LOOKUP_ELEM", Errno.ENOTSUPP);
  }

  override updateElem(_key: Uint8Array, _value: Uint8Array, _flags = 0): void {
    throw this.error(
      "BPF_MAP_UPDATE_ELEM",
      Errno.EBADF,
      "open its buffers instead of giving it a perf event",
    );
  }

  /** Nothing to list: its entries are buffers. */
  override keys(): Uint8Array[] {
    return [];
  }

  protected override destroy(): void {
    this.#buffers.clear();
  }
}
