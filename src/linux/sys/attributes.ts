import { KernelError } from "../../errors.js";
import { type BpfCommand, bpfCommandName } from "./bpf-command.js";
import { isLittleEndian, libc } from "./libc.js";
import { syscallNumber } from "./syscall-number.js";

/**
 * union bpf_attr, written field by field in the machine's byte order. The buffers that it points to
 * are kept alive with it. Offsets are those of include/uapi/linux/bpf.h, in bytes.
 */
export class Attributes {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #kept: Uint8Array[] = [];

  /** `size` is what the command needs and no more: older kernels refuse bytes that they do not know. */
  constructor(size: number) {
    this.#bytes = new Uint8Array(size);
    this.#view = new DataView(this.#bytes.buffer);
  }

  u32(offset: number, value: number): this {
    this.#view.setUint32(offset, value >>> 0, isLittleEndian);
    return this;
  }

  u64(offset: number, value: number | bigint): this {
    this.#view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), isLittleEndian);
    return this;
  }

  /** A pointer to a buffer; NULL for none and for an empty one, whose address means nothing. */
  pointer(offset: number, buffer: Uint8Array | undefined): this {
    if (buffer === undefined || buffer.length === 0) return this;
    this.#kept.push(buffer);
    return this.u64(offset, libc().address(buffer));
  }

  /** A pointer to text that ends with a NUL. */
  text(offset: number, text: string): this {
    return this.pointer(offset, new TextEncoder().encode(`${text}\0`));
  }

  /** The name of a map or program, which stands in the attributes themselves. */
  name(offset: number, name: string): this {
    this.#bytes.set(new TextEncoder().encode(name), offset);
    return this;
  }

  readU32(offset: number): number {
    return this.#view.getUint32(offset, isLittleEndian);
  }

  /** Makes the call: its result, or minus the error number. */
  try(command: BpfCommand): number {
    return libc().bpf(syscallNumber("bpf"), command, this.#bytes);
  }

  /** Makes the call; throws KernelError, to which `detail` adds. */
  call(command: BpfCommand, detail = ""): number {
    const result = this.try(command);
    if (result < 0) throw new KernelError(bpfCommandName(command), -result, detail);
    return result;
  }
}
