import { readdirSync, readFileSync } from "node:fs";
import { Btf, type BtfKind } from "../btf/index.js";
import { NotSupportedError } from "../errors.js";
import type { CoreTarget } from "../object/index.js";
import { fieldText, objectInfo } from "./map-info.js";
import { objectIds, openById } from "./object-ids.js";
import { Descriptor } from "./sys/descriptor.js";
import { isLittleEndian, libc } from "./sys/libc.js";

const FOLDER = "/sys/kernel/btf";
const VMLINUX = "vmlinux";
/** struct bpf_btf_info. */
const BTF_INFO_SIZE = 32;
const NAME_SIZE = 64;

/** A type of the kernel's: in vmlinux where `fd` is 0, in a module's BTF otherwise. */
export interface KernelType {
  readonly id: number;
  readonly btf: Btf;
  readonly fd: number;
}

/**
 * The running kernel's types: vmlinux's and its modules', each read when it is first needed. The file
 * descriptors of modules' BTF are its own.
 */
export class KernelBtf implements Disposable {
  #vmlinux: Btf | undefined;
  #modules: ReadonlyMap<string, Btf> | undefined;
  readonly #fds = new Map<string, Descriptor>();

  /** Throws NotSupportedError where the kernel has none. */
  get vmlinux(): Btf {
    this.#vmlinux ??= readVmlinux();
    return this.#vmlinux;
  }

  get modules(): ReadonlyMap<string, Btf> {
    this.#modules ??= new Map(
      readdirSync(FOLDER)
        .filter((name) => name !== VMLINUX)
        .map((name) => [name, Btf.parse(readFileSync(`${FOLDER}/${name}`), { base: this.vmlinux })]),
    );
    return this.#modules;
  }

  /** What CO-RE relocates programs to: modules are read only where vmlinux has none of a name. */
  get coreTarget(): CoreTarget {
    const { vmlinux } = this;
    const modules = () => [...this.modules].map(([name, btf]) => ({ name, btf }));
    return {
      vmlinux,
      get modules() {
        return modules();
      },
    };
  }

  /** The first type with a name of these kinds: vmlinux's, else a module's. */
  find(name: string, ...kinds: BtfKind[]): KernelType | undefined {
    const id = this.vmlinux.find(name, ...kinds);
    if (id !== undefined) return { id, btf: this.vmlinux, fd: 0 };
    for (const [module, btf] of this.modules) {
      const own = btf.find(name, ...kinds);
      if (own !== undefined) return { id: own, btf, fd: this.#moduleFd(module) };
    }
    return undefined;
  }

  #moduleFd(module: string): number {
    let descriptor = this.#fds.get(module);
    if (descriptor === undefined) {
      descriptor = openModule(module);
      this.#fds.set(module, descriptor);
    }
    return descriptor.fd;
  }

  close(): void {
    for (const descriptor of this.#fds.values()) descriptor.close();
    this.#fds.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function readVmlinux(): Btf {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(`${FOLDER}/${VMLINUX}`);
  } catch (cause) {
    throw new NotSupportedError(
      "kernel BTF",
      `${FOLDER}/${VMLINUX} cannot be read: the kernel must be built with CONFIG_DEBUG_INFO_BTF`,
      { minimumKernel: "5.4", cause },
    );
  }
  return Btf.parse(bytes);
}

/** Finds a module's BTF among all that the kernel holds. */
function openModule(module: string): Descriptor {
  for (const id of objectIds("btf")) {
    const fd = openById("btf", id);
    // It went meanwhile.
    if (fd === undefined) continue;
    if (btfName(fd) === module) return new Descriptor(fd, `BTF of module ${module}`);
    libc().close(fd);
  }
  throw new NotSupportedError("module BTF", `the kernel has no BTF of module ${module}: was it unloaded?`);
}

function btfInfo(fd: number, content: Uint8Array, name: Uint8Array): DataView {
  const info = new Uint8Array(BTF_INFO_SIZE);
  const view = new DataView(info.buffer);
  const pointer = (offset: number, buffer: Uint8Array) => {
    if (buffer.length > 0) view.setBigUint64(offset, libc().address(buffer), isLittleEndian);
  };
  pointer(0, content);
  view.setUint32(8, content.length, isLittleEndian);
  pointer(16, name);
  view.setUint32(24, name.length, isLittleEndian);
  objectInfo(fd, info);
  return view;
}

function btfName(fd: number): string {
  const name = new Uint8Array(NAME_SIZE);
  btfInfo(fd, new Uint8Array(0), name);
  return fieldText(name);
}

/** The BTF with an id, as the kernel keeps it; undefined where there is none. */
export function btfById(id: number): Btf | undefined {
  const fd = openById("btf", id);
  if (fd === undefined) return undefined;
  using _descriptor = new Descriptor(fd, `BTF ${id}`);
  const size = btfInfo(fd, new Uint8Array(0), new Uint8Array(0)).getUint32(8, isLittleEndian);
  const content = new Uint8Array(size);
  btfInfo(fd, content, new Uint8Array(0));
  return Btf.parse(content);
}
