import { AttachType, Errno, ProgramType, UpdateFlag } from "../uapi/index.js";
import { BpfMap, type HeldProgram, type MapDefinition, type MapHost } from "./map.js";

/** The longest queue that a CPUMAP entry may have. */
const MAX_QUEUE = 16384;

/** Where bpf_redirect_map sends a packet. */
export interface RedirectEntry {
  /** Interface index, queue size or socket, as the map's type has it. */
  readonly value: number;
  readonly program: HeldProgram | undefined;
}

/** What DEVMAP, DEVMAP_HASH, CPUMAP and XSKMAP share: entries that packets are redirected to. */
export abstract class RedirectMap extends BpfMap {
  readonly #entries = new Map<number, RedirectEntry>();
  readonly #cell: number;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
    this.#cell = host.arena.alloc(16, 16, `map ${definition.name}`);
  }

  /** Whether BPF_F_BROADCAST is allowed: the two device maps. */
  get canBroadcast(): boolean {
    return false;
  }

  hasTarget(key: number): boolean {
    return this.#entries.has(key);
  }

  target(key: number): RedirectEntry | undefined {
    return this.#entries.get(key);
  }

  /** All entries, for a broadcast, by key. */
  targets(): [key: number, entry: RedirectEntry][] {
    return [...this.#entries].sort(([a], [b]) => a - b);
  }

  protected get size(): number {
    return this.#entries.size;
  }

  /** Whether keys are indices below max_entries. */
  protected get isIndexed(): boolean {
    return true;
  }

  protected keyAt(key: number): number {
    return this.host.arena.view.getUint32(key, true);
  }

  /** Value and program of a user's update; a negative error number where the program does not fit. */
  protected readEntry(value: number, attachType: number): RedirectEntry | number {
    const { view } = this.host.arena;
    const first = view.getUint32(value, true);
    // A file descriptor of 0 and below means no program, since the field came later.
    const fd = this.definition.valueSize >= 8 ? view.getInt32(value + 4, true) : 0;
    if (fd <= 0) return { value: first, program: undefined };
    const program = this.host.programByFd(fd);
    if (program === undefined) return -Errno.EINVAL;
    if (program.type !== ProgramType.Xdp || program.expectedAttachType !== attachType) return -Errno.EINVAL;
    return { value: first, program };
  }

  protected put(key: number, entry: RedirectEntry | undefined): void {
    entry?.program?.retain();
    this.#entries.get(key)?.program?.release();
    if (entry === undefined) this.#entries.delete(key);
    else this.#entries.set(key, entry);
  }

  /** Programs may look entries up: they see value and program id. */
  override lookup(key: number): number {
    return this.find(key);
  }

  protected override find(key: number): number {
    const entry = this.#entries.get(this.keyAt(key));
    if (entry === undefined) return 0;
    const { view } = this.host.arena;
    view.setUint32(this.#cell, entry.value, true);
    view.setUint32(this.#cell + 4, entry.program?.id ?? 0, true);
    return this.#cell;
  }

  override deleteElem(key: Uint8Array): void {
    const call = "BPF_MAP_DELETE_ELEM";
    this.checkWritable(call);
    const index = this.keyAt(this.placeKey(call, key));
    if (this.isIndexed && index >= this.definition.maxEntries) throw this.error(call, Errno.EINVAL);
    if (!this.isIndexed && !this.#entries.has(index)) throw this.error(call, Errno.ENOENT);
    this.put(index, undefined);
  }

  protected override following(key: number): number {
    const { view } = this.host.arena;
    const cell = this.#cell + 8;
    if (this.isIndexed) {
      const { maxEntries } = this.definition;
      const index = key === 0 ? 0xffffffff : this.keyAt(key);
      if (index === maxEntries - 1) return 0;
      view.setUint32(cell, index >= maxEntries ? 0 : index + 1, true);
      return cell;
    }
    const keys = [...this.#entries.keys()].sort((a, b) => a - b);
    const at = key === 0 ? -1 : keys.indexOf(this.keyAt(key));
    if (at + 1 >= keys.length) return 0;
    view.setUint32(cell, keys[at + 1], true);
    return cell;
  }

  protected override destroy(): void {
    for (const key of [...this.#entries.keys()]) this.put(key, undefined);
    this.host.arena.free(this.#cell);
  }
}

/** DEVMAP (kernel/bpf/devmap.c): network devices by index, each with a program of its own if wanted. */
export class Devmap extends RedirectMap {
  override get canBroadcast(): boolean {
    return true;
  }

  protected override store(key: number, value: number, flags: number): number {
    const index = this.keyAt(key);
    if (flags > UpdateFlag.Exist) return -Errno.EINVAL;
    if (index >= this.definition.maxEntries) return -Errno.E2BIG;
    if (flags === UpdateFlag.NoExist) return -Errno.EEXIST;
    const entry = this.readEntry(value, AttachType.XdpDevmap);
    if (typeof entry === "number") return entry;
    if (entry.value === 0) {
      // No device: the entry is emptied, and a program would have nowhere to run.
      if (entry.program !== undefined) return -Errno.EINVAL;
      this.put(index, undefined);
      return 0;
    }
    if (!this.host.hasDevice(entry.value)) return -Errno.EINVAL;
    this.put(index, entry);
    return 0;
  }
}

/** DEVMAP_HASH: as DEVMAP, with any 32-bit key. */
export class DevmapHash extends RedirectMap {
  override get canBroadcast(): boolean {
    return true;
  }

  protected override get isIndexed(): boolean {
    return false;
  }

  protected override store(key: number, value: number, flags: number): number {
    const index = this.keyAt(key);
    const ifindex = this.host.arena.view.getUint32(value, true);
    if (flags > UpdateFlag.Exist || ifindex === 0) return -Errno.EINVAL;
    const isNew = !this.hasTarget(index);
    if (!isNew && flags === UpdateFlag.NoExist) return -Errno.EEXIST;
    const entry = this.readEntry(value, AttachType.XdpDevmap);
    if (typeof entry === "number") return entry;
    if (!this.host.hasDevice(ifindex)) return -Errno.EINVAL;
    if (isNew && this.size >= this.definition.maxEntries) return -Errno.E2BIG;
    this.put(index, entry);
    return 0;
  }
}

/** CPUMAP (kernel/bpf/cpumap.c): CPUs by index, each with the length of its queue. */
export class Cpumap extends RedirectMap {
  protected override store(key: number, value: number, flags: number): number {
    const cpu = this.keyAt(key);
    if (flags > UpdateFlag.Exist) return -Errno.EINVAL;
    if (cpu >= this.definition.maxEntries) return -Errno.E2BIG;
    if (flags === UpdateFlag.NoExist) return -Errno.EEXIST;
    const queue = this.host.arena.view.getUint32(value, true);
    if (queue > MAX_QUEUE) return -Errno.EOVERFLOW;
    if (cpu >= this.host.cpus) return -Errno.ENODEV;
    if (queue === 0) {
      this.put(cpu, undefined);
      return 0;
    }
    const entry = this.readEntry(value, AttachType.XdpCpumap);
    if (typeof entry === "number") return entry;
    this.put(cpu, entry);
    return 0;
  }
}

/** XSKMAP (net/xdp/xskmap.c): AF_XDP sockets by queue. */
export class Xskmap extends RedirectMap {
  /** Puts a socket at an index; `undefined` takes it away. */
  setSocket(index: number, socket: number | undefined): void {
    if (index >= this.definition.maxEntries) throw this.error("BPF_MAP_UPDATE_ELEM", Errno.E2BIG);
    this.put(index, socket === undefined ? undefined : { value: socket, program: undefined });
  }

  override lookupElem(_key: Uint8Array, _flags = 0): Uint8Array {
    throw this.error("BPF_MAP_LOOKUP_ELEM", Errno.EOPNOTSUPP);
  }

  override updateElem(_key: Uint8Array, _value: Uint8Array, _flags = 0): void {
    throw this.error("BPF_MAP_UPDATE_ELEM", Errno.EBADF, "no file descriptor of an AF_XDP socket");
  }

  override *entries(): Generator<[key: Uint8Array, value: Uint8Array]> {
    for (const [key, { value }] of this.targets()) {
      const bytes = new Uint8Array(8);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, key, true);
      view.setUint32(4, value, true);
      yield [bytes.subarray(0, 4), bytes.subarray(4)];
    }
  }
}
