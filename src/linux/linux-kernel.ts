import type { Kernel, LoadOptions } from "../kernel.js";
import type { ObjectSpec } from "../object/index.js";
import { KernelBtf } from "./kernel-btf.js";
import type { LinuxObject } from "./linux-object.js";
import { loadObject } from "./load-object.js";
import { BPF_FILE_SYSTEM } from "./pin.js";
import { libc } from "./sys/libc.js";
import { TestRunner } from "./test-run.js";

export interface LinuxKernelOptions {
  /** Where maps that are pinned by name are found and put: a folder of a bpffs; /sys/fs/bpf by default. */
  readonly pinPath?: string;
}

export interface LinuxLoadOptions extends LoadOptions {
  /** Detail of the verifier's log, kept in each program's `log`: 0 (none, the default), 1, 2; plus 4 for statistics. */
  readonly logLevel?: number;
}

/** The Linux kernel that this process runs on. */
export class LinuxKernel implements Kernel {
  readonly name = "linux";
  readonly pinPath: string;
  /** The kernel's own types. */
  readonly btf = new KernelBtf();
  readonly #runner = new TestRunner();
  readonly #objects = new Set<LinuxObject>();

  constructor(options: LinuxKernelOptions = {}) {
    this.pinPath = options.pinPath ?? BPF_FILE_SYSTEM;
    // Elsewhere than on Linux this says so, before anything is asked for.
    libc();
  }

  /**
   * Loads an object: maps created or found pinned, programs verified. Throws NotSupportedError,
   * VerifierError with the kernel's log, or KernelError, and leaves nothing behind then.
   */
  async load(spec: ObjectSpec, options: LinuxLoadOptions = {}): Promise<LinuxObject> {
    const object = loadObject(
      spec,
      { kernel: this.btf, runner: this.#runner, pinPath: this.pinPath },
      options,
      (closed) => this.#objects.delete(closed),
    );
    this.#objects.add(object);
    return object;
  }

  /** Closes all that was loaded. What is pinned or attached lives on. */
  async close(): Promise<void> {
    for (const object of [...this.#objects]) object.close();
    this.btf.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** Opens the Linux kernel. Throws NotSupportedError on other systems, MissingToolError without koffi. */
export function openLinuxKernel(options: LinuxKernelOptions = {}): LinuxKernel {
  return new LinuxKernel(options);
}
