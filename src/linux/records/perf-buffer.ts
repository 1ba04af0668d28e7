import type { LinuxMap } from "../linux-map.js";
import { isLittleEndian, libc, type MappedMemory } from "../sys/libc.js";
import { nativeWord } from "../sys/native-word.js";
import { syscallNumber } from "../sys/syscall-number.js";

const PROT_READ_WRITE = 3;
/** Bytes of one CPU's records: 64 pages of 4 KiB, as libbpf's users have. */
const ROOM = 1 << 18;
/** struct perf_event_attr, PERF_ATTR_SIZE_VER0, and its fields. */
const ATTRIBUTES_SIZE = 64;
const TYPE_SOFTWARE = 1;
const COUNT_SW_BPF_OUTPUT = 10;
const SAMPLE_RAW = 1 << 10;
const FLAG_FD_CLOEXEC = 8;
/** _IO('$', 0). MIPS and PowerPC number the "none" direction otherwise. */
const IOC_ENABLE = process.arch === "ppc64" ? 0x20002400 : 0x2400;
/** struct perf_event_mmap_page. */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;
/** enum perf_event_type. */
const RECORD_LOST = 2;
const RECORD_SAMPLE = 9;
/** Headers: type, misc and size; a sample has its raw size next, a loss its event's id and a count. */
const HEADER = 8;
const RAW_SIZE = 4;
const LOST_COUNT_AT = 16;

/** One CPU's perf event that programs write to, and the pages that its records are in. */
export class PerfBuffer {
  readonly fd: number;
  readonly #memory: MappedMemory | undefined;
  readonly #positions: BigUint64Array = new BigUint64Array(0);
  readonly #data: Uint8Array = new Uint8Array(0);

  /** Opens it and enters it in the map; needs CAP_PERFMON. */
  constructor(map: LinuxMap, cpu: number) {
    const c = libc();
    const attributes = new Uint8Array(ATTRIBUTES_SIZE);
    const view = new DataView(attributes.buffer);
    const u32 = (offset: number, value: number) => view.setUint32(offset, value, isLittleEndian);
    u32(0, TYPE_SOFTWARE);
    u32(4, ATTRIBUTES_SIZE);
    view.setBigUint64(8, BigInt(COUNT_SW_BPF_OUTPUT), isLittleEndian);
    view.setBigUint64(16, 1n, isLittleEndian);
    view.setBigUint64(24, BigInt(SAMPLE_RAW), isLittleEndian);
    // wakeup_events: every record wakes.
    u32(48, 1);
    this.fd = c.perfEventOpen(syscallNumber("perf_event_open"), attributes, -1, cpu, FLAG_FD_CLOEXEC);
    try {
      const page = c.pageSize();
      this.#memory = c.mmap(this.fd, page + Math.max(page, ROOM), PROT_READ_WRITE, 0);
      this.#positions = new BigUint64Array(this.#memory.buffer, 0, page / 8);
      this.#data = new Uint8Array(this.#memory.buffer, page);
      c.ioctl(this.fd, IOC_ENABLE, 0);
      map.updateElem(nativeWord(cpu), nativeWord(this.fd));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Takes up to `most` records; `onLost` is told how many the full buffer has dropped. */
  drain(records: Uint8Array[], most: number, onLost: (count: bigint) => void): void {
    const head = Atomics.load(this.#positions, DATA_HEAD / 8);
    let tail = this.#positions[DATA_TAIL / 8];
    while (tail < head && records.length < most) {
      const start = Number(tail % BigInt(this.#data.length));
      const header = new DataView(this.#copy(start, HEADER).buffer);
      const type = header.getUint32(0, isLittleEndian);
      const size = header.getUint16(6, isLittleEndian);
      const record = this.#copy(start, size);
      const view = new DataView(record.buffer);
      if (type === RECORD_SAMPLE) {
        const length = view.getUint32(HEADER, isLittleEndian);
        records.push(record.subarray(HEADER + RAW_SIZE, HEADER + RAW_SIZE + length));
      } else if (type === RECORD_LOST) {
        onLost(view.getBigUint64(LOST_COUNT_AT, isLittleEndian));
      }
      tail += BigInt(size);
      Atomics.store(this.#positions, DATA_TAIL / 8, tail);
    }
  }

  /** A copy of bytes that may go round the end. */
  #copy(start: number, size: number): Uint8Array {
    const { length } = this.#data;
    const bytes = new Uint8Array(size);
    const first = Math.min(size, length - start);
    bytes.set(this.#data.subarray(start, start + first));
    bytes.set(this.#data.subarray(0, size - first), first);
    return bytes;
  }

  close(): void {
    if (this.#memory !== undefined) libc().munmap(this.#memory);
    libc().close(this.fd);
  }
}
