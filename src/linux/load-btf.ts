import { KernelError } from "../errors.js";
import { fieldText } from "./map-info.js";
import { Attributes } from "./sys/attributes.js";
import { BpfCommand } from "./sys/bpf-command.js";

const LOG_SIZE = 1 << 16;

/** What became of BTF: its file descriptor, or why the kernel refused it. */
export type BtfLoadResult =
  | { readonly fd: number; readonly refusal?: undefined }
  | { readonly fd?: undefined; readonly refusal: KernelError };

/** BPF_BTF_LOAD. A refusal is made again with a log, whose last line says why. */
export function loadBtfBytes(bytes: Uint8Array): BtfLoadResult {
  const fd = new Attributes(28).pointer(0, bytes).u32(16, bytes.length).try(BpfCommand.BtfLoad);
  if (fd >= 0) return { fd };
  const log = new Uint8Array(LOG_SIZE);
  const again = new Attributes(28)
    .pointer(0, bytes)
    .pointer(8, log)
    .u32(16, bytes.length)
    .u32(20, log.length)
    .u32(24, 1)
    .try(BpfCommand.BtfLoad);
  if (again >= 0) return { fd: again };
  const reason = fieldText(log).trim().split("\n").at(-1) ?? "";
  return { refusal: new KernelError("BPF_BTF_LOAD", -fd, reason) };
}
