import { KernelError } from "../errors.js";
import { Errno } from "../uapi/index.js";
import { Attributes } from "./sys/attributes.js";
import { BpfCommand, bpfCommandName } from "./sys/bpf-command.js";

type Kind = "map" | "program" | "btf";

const NEXT_ID = {
  map: BpfCommand.MapGetNextId,
  program: BpfCommand.ProgGetNextId,
  btf: BpfCommand.BtfGetNextId,
} as const;
const FD_BY_ID = {
  map: BpfCommand.MapGetFdById,
  program: BpfCommand.ProgGetFdById,
  btf: BpfCommand.BtfGetFdById,
} as const;

/** The ids of all objects of a kind that the kernel holds, rising. Needs CAP_SYS_ADMIN. */
export function* objectIds(kind: Kind): Generator<number> {
  for (let id = 0; ; ) {
    const attributes = new Attributes(8).u32(0, id);
    const result = attributes.try(NEXT_ID[kind]);
    if (result === -Errno.ENOENT) return;
    if (result < 0) throw new KernelError(bpfCommandName(NEXT_ID[kind]), -result);
    id = attributes.readU32(4);
    yield id;
  }
}

/** A file descriptor of the object with an id; undefined where there is none. */
export function openById(kind: Kind, id: number): number | undefined {
  const result = new Attributes(12).u32(0, id).try(FD_BY_ID[kind]);
  if (result === -Errno.ENOENT) return undefined;
  if (result < 0) throw new KernelError(bpfCommandName(FD_BY_ID[kind]), -result, `${kind} ${id}`);
  return result;
}
