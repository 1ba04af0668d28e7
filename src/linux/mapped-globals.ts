import { KernelError } from "../errors.js";
import type { DataStore } from "../object/index.js";
import { Errno, MapFlag } from "../uapi/index.js";
import type { LinuxMap } from "./linux-map.js";
import { libc, type MappedMemory } from "./sys/libc.js";

const PROT_READ_WRITE = 3;
const FIRST = new Uint8Array(4);

/**
 * Global variables where programs have them: in memory that is shared with the kernel, so that setting
 * one leaves the others alone, whatever programs do to them meanwhile. What cannot be shared for writing
 * (frozen sections) is read and written as a map's value.
 */
export class MappedGlobals implements DataStore {
  readonly #map: (name: string) => LinuxMap;
  readonly #memory = new Map<string, MappedMemory | undefined>();

  constructor(map: (name: string) => LinuxMap) {
    this.#map = map;
  }

  read(name: string, offset: number, size: number): Uint8Array {
    const memory = this.#mapped(name);
    const bytes = memory === undefined ? this.#map(name).lookupElem(FIRST) : new Uint8Array(memory.buffer);
    return bytes.slice(offset, offset + size);
  }

  write(name: string, offset: number, bytes: Uint8Array): void {
    const memory = this.#mapped(name);
    if (memory !== undefined) {
      new Uint8Array(memory.buffer).set(bytes, offset);
      return;
    }
    const value = this.#map(name).lookupElem(FIRST);
    value.set(bytes, offset);
    this.#map(name).updateElem(FIRST, value);
  }

  #mapped(name: string): MappedMemory | undefined {
    // Throws where the map is closed: the memory is gone with it.
    const { fd, info } = this.#map(name);
    if (!this.#memory.has(name)) this.#memory.set(name, share(fd, info.flags, info.valueSize));
    return this.#memory.get(name);
  }

  close(): void {
    for (const memory of this.#memory.values()) if (memory !== undefined) libc().munmap(memory);
    this.#memory.clear();
  }
}

function share(fd: number, flags: number, size: number): MappedMemory | undefined {
  if ((flags & MapFlag.Mmapable) === 0) return undefined;
  const page = libc().pageSize();
  try {
    return libc().mmap(fd, Math.ceil(size / page) * page, PROT_READ_WRITE, 0);
  } catch (error) {
    // The map is frozen, or was opened for reading alone.
    if (error instanceof KernelError && error.errno === Errno.EPERM) return undefined;
    throw error;
  }
}
