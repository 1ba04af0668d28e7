import { KernelError } from "../../errors.js";
import { Errno } from "../../uapi/index.js";
import { libc } from "./libc.js";

/**
 * A file descriptor with one owner. Once closed it is never used again: its number may by then be
 * another file's.
 */
export class Descriptor implements Disposable {
  readonly #what: string;
  #fd: number | undefined;

  /** `what` names it in errors: "map traffic". */
  constructor(fd: number, what: string) {
    this.#fd = fd;
    this.#what = what;
  }

  /** The number; throws KernelError (EBADF) once it is closed. */
  get fd(): number {
    if (this.#fd === undefined) throw new KernelError("bpf", Errno.EBADF, `${this.#what} is closed`);
    return this.#fd;
  }

  get isClosed(): boolean {
    return this.#fd === undefined;
  }

  close(): void {
    if (this.#fd === undefined) return;
    const fd = this.#fd;
    this.#fd = undefined;
    libc().close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
