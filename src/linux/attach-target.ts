import { BtfKind } from "../btf/index.js";
import { NotSupportedError } from "../errors.js";
import type { ProgramSpec } from "../object/index.js";
import { AttachType, ProgramType, programTypeName } from "../uapi/index.js";
import type { KernelBtf } from "./kernel-btf.js";
import type { AttachTarget } from "./load-program.js";

/** What the kernel calls the type behind a target's name (libbpf's btf_get_kernel_prefix_kind). */
const PREFIXES: ReadonlyMap<number, readonly [prefix: string, kind: BtfKind]> = new Map([
  [AttachType.TraceRawTp, ["btf_trace_", BtfKind.Typedef]],
  [AttachType.LsmMac, ["bpf_lsm_", BtfKind.Func]],
  [AttachType.LsmCgroup, ["bpf_lsm_", BtfKind.Func]],
  [AttachType.TraceIter, ["bpf_iter_", BtfKind.Func]],
]);
/** Program types that are loaded for one type of the kernel's. */
const TARGETED: readonly number[] = [ProgramType.Tracing, ProgramType.Lsm];

/**
 * What a program is to be attached to, where it must be known at load time. Throws NotSupportedError
 * where it is nothing that the kernel's BTF has.
 */
export function attachTarget(program: ProgramSpec, kernel: KernelBtf): AttachTarget | undefined {
  const { name, type, attachTarget: target } = program;
  const typeName = programTypeName(type);
  if (type === ProgramType.StructOps) {
    throw new NotSupportedError(
      `program type ${typeName}`,
      `program ${name}: structs of operations are not loaded`,
    );
  }
  if (type === ProgramType.Ext) {
    throw new NotSupportedError(
      `program type ${typeName}`,
      `program ${name}: programs that replace a function of another program are not loaded`,
    );
  }
  if (!TARGETED.includes(type)) return undefined;
  if (target === undefined) {
    throw new NotSupportedError(
      `program type ${typeName}`,
      `program ${name}: section "${program.section}" does not say what it attaches to`,
    );
  }
  const [prefix, kind] = PREFIXES.get(program.attachType ?? 0) ?? ["", BtfKind.Func];
  // "module:function" names the module too.
  const own = target.slice(target.indexOf(":") + 1);
  const found = kernel.find(prefix + own, kind);
  if (found !== undefined) return { btfId: found.id, fd: found.fd };
  throw new NotSupportedError(
    `attach target ${target}`,
    `program ${name}: this kernel has no ${prefix}${own}, which it attaches to`,
  );
}
