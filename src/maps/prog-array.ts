import { Errno, ProgramType, UpdateFlag } from "../uapi/index.js";
import { BpfMap, type HeldProgram, type MapDefinition, type MapHost } from "./map.js";

/** PROG_ARRAY: the programs that tail calls go to. The first one fixes the type of all others. */
export class ProgArray extends BpfMap {
  readonly #programs: (HeldProgram | undefined)[];
  readonly #cell: number;
  #owner: HeldProgram | undefined;

  constructor(definition: MapDefinition, host: MapHost, id: number) {
    super(definition, host, id);
    this.#programs = new Array(definition.maxEntries).fill(undefined);
    this.#cell = host.arena.alloc(16, 16, `map ${definition.name}`);
  }

  programAt(index: number): HeldProgram | undefined {
    return this.#programs[index];
  }

  /**
   * Whether a program may be in this map, or use it: all must have one type
   * (kernel/bpf/core.c, bpf_prog_map_compatible).
   */
  accepts(program: HeldProgram): boolean {
    this.#owner ??= program;
    return (
      this.#owner.type === program.type &&
      (this.#owner.type !== ProgramType.Xdp || this.#owner.expectedAttachType === program.expectedAttachType)
    );
  }

  #index(key: number): number {
    return this.host.arena.view.getUint32(key, true);
  }

  protected override find(key: number): number {
    const program = this.#programs[this.#index(key)];
    if (program === undefined) return 0;
    this.host.arena.view.setUint32(this.#cell, program.id, true);
    return this.#cell;
  }

  protected override store(key: number, value: number, flags: number): number {
    if (flags !== UpdateFlag.Any) return -Errno.EINVAL;
    const index = this.#index(key);
    if (index >= this.definition.maxEntries) return -Errno.E2BIG;
    const program = this.host.programByFd(this.host.arena.view.getInt32(value, true));
    if (program === undefined) return -Errno.EBADF;
    if (!this.accepts(program)) return -Errno.EINVAL;
    program.retain();
    this.#programs[index]?.release();
    this.#programs[index] = program;
    return 0;
  }

  override deleteElem(key: Uint8Array): void {
    const call = "BPF_MAP_DELETE_ELEM";
    this.checkWritable(call);
    const index = this.#index(this.placeKey(call, key));
    if (index >= this.definition.maxEntries) throw this.error(call, Errno.E2BIG);
    const program = this.#programs[index];
    if (program === undefined) throw this.error(call, Errno.ENOENT);
    this.#programs[index] = undefined;
    program.release();
  }

  protected override following(key: number): number {
    const { view } = this.host.arena;
    const { maxEntries } = this.definition;
    const index = key === 0 ? 0xffffffff : view.getUint32(key, true);
    if (index === maxEntries - 1) return 0;
    view.setUint32(this.#cell, index >= maxEntries ? 0 : index + 1, true);
    return this.#cell;
  }

  /** Drops all programs, as the kernel does when no user holds the map any more. */
  clear(): void {
    for (const [index, program] of this.#programs.entries()) {
      this.#programs[index] = undefined;
      program?.release();
    }
  }

  protected override destroy(): void {
    this.clear();
    this.host.arena.free(this.#cell);
  }
}
