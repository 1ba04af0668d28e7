import { type Btf, BtfKind, essentialName } from "../../btf/index.js";

/** The types of the kernel that a program is to run in. */
export interface CoreTarget {
  /** The kernel's own: /sys/kernel/btf/vmlinux. */
  readonly vmlinux: Btf;
  /** Those of its modules, split BTF on the kernel's; they count where the kernel has no such type. */
  readonly modules?: readonly CoreModule[];
}

export interface CoreModule {
  readonly name: string;
  readonly btf: Btf;
}

/** A type of the target with the name of the one that is asked for, flavours left out. */
export interface Candidate {
  /** Of which module; undefined for the kernel itself. */
  readonly module: string | undefined;
  readonly btf: Btf;
  readonly id: number;
}

/** Whether types may stand for each other at all: enum and enum64 do (libbpf's btf_kind_core_compat). */
export function areKindsCompatible(a: BtfKind, b: BtfKind): boolean {
  return kindClass(a) === kindClass(b);
}

function kindClass(kind: BtfKind): BtfKind {
  return kind === BtfKind.Enum64 ? BtfKind.Enum : kind;
}

/**
 * The types of the target that a local one may be: of its kind, and of its name when what follows "___"
 * is left out on either side (libbpf's bpf_core_add_cands).
 */
export function findCandidates(local: Btf, id: number, target: CoreTarget): Candidate[] {
  const kind = local.kind(id);
  const name = essentialName(local.name(id));
  const kinds = kindClass(kind) === BtfKind.Enum ? [BtfKind.Enum, BtfKind.Enum64] : [kind];
  const inKernel = target.vmlinux
    .findFlavors(name, ...kinds)
    .map((found) => ({ module: undefined, btf: target.vmlinux, id: found }));
  if (inKernel.length > 0) return inKernel;
  return (target.modules ?? []).flatMap(({ name: module, btf }) =>
    btf
      .findFlavors(name, ...kinds)
      .filter((found) => found >= btf.firstId)
      .map((found) => ({ module, btf, id: found })),
  );
}
