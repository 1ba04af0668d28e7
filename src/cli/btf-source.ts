import { Btf } from "../btf/index.js";
import { NotSupportedError, ObjectFormatError } from "../errors.js";
import { parseObject } from "../object/index.js";
import { namingFile } from "./file-error.js";
import type { Io } from "./io.js";
import { type CompileFlags, objectBytes } from "./object-source.js";
import { readInput } from "./read-input.js";

const KERNEL_FOLDER = "/sys/kernel/btf/";
const VMLINUX = `${KERNEL_FOLDER}vmlinux`;
const ELF_MAGIC = "\x7fELF";

/** BTF that stands alone, as /sys/kernel/btf has it, or in an object. `base` is what split BTF goes on from. */
export function readBtf(path: string, base: string | undefined, flags: CompileFlags, io: Io): Btf {
  const bytes = objectBytes(path, flags, io);
  try {
    return isElf(bytes) ? btfOfObject(bytes) : Btf.parse(bytes, baseOf(path, base));
  } catch (error) {
    throw namingFile(error, path);
  }
}

function isElf(bytes: Uint8Array): boolean {
  return [...ELF_MAGIC].every((character, i) => bytes[i] === character.charCodeAt(0));
}

function btfOfObject(bytes: Uint8Array): Btf {
  const { btf } = parseObject(bytes);
  if (btf !== undefined) return btf;
  throw new NotSupportedError("BTF", "the object has no BTF: compile it with -g");
}

/** A module's BTF goes on from the kernel's. */
function baseOf(path: string, named: string | undefined): { base?: Btf } {
  const isModule = path.startsWith(KERNEL_FOLDER) && path !== VMLINUX;
  const base = named ?? (isModule ? VMLINUX : undefined);
  if (base === undefined) return {};
  const bytes = readInput(base);
  if (isElf(bytes)) throw new ObjectFormatError(`--base ${base}: BTF alone is wanted, such as ${VMLINUX}`);
  return { base: Btf.parse(bytes) };
}
