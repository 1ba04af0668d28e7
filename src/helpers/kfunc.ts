import { WirebeeError } from "../errors.js";
import { kfuncsForAll } from "./kfuncs-for-all.js";
import { kfuncsOfObjects } from "./kfuncs-of-objects.js";
import { kfuncsOfPackets } from "./kfuncs-of-packets.js";

/** What the verifier must know of a kfunc: the KF_* flags of include/linux/btf.h. */
export type KfuncFlag =
  | "ACQUIRE"
  | "RELEASE"
  | "RET_NULL"
  | "TRUSTED_ARGS"
  | "SLEEPABLE"
  | "DESTRUCTIVE"
  | "RCU"
  | "ITER_NEW"
  | "ITER_NEXT"
  | "ITER_DESTROY"
  | "RCU_PROTECTED"
  | "FASTCALL"
  | "ARENA_RET"
  | "ARENA_ARG2";

const KNOWN_FLAGS: Record<KfuncFlag, true> = {
  ACQUIRE: true,
  RELEASE: true,
  RET_NULL: true,
  TRUSTED_ARGS: true,
  SLEEPABLE: true,
  DESTRUCTIVE: true,
  RCU: true,
  ITER_NEW: true,
  ITER_NEXT: true,
  ITER_DESTROY: true,
  RCU_PROTECTED: true,
  FASTCALL: true,
  ARENA_RET: true,
  ARENA_ARG2: true,
};

function isKfuncFlag(text: string): text is KfuncFlag {
  return Object.hasOwn(KNOWN_FLAGS, text);
}

/** As the tables write it: flags by spaces, and the option of Linux's configuration that it needs. */
export type KfuncRow = readonly [since: string, declaration: string, flags?: string, option?: string];

/** Kfuncs that the same program types may call. */
export interface KfuncGroup {
  readonly types: readonly number[];
  readonly rows: readonly KfuncRow[];
}

/** A function of the kernel that programs call by its BTF id. */
export interface Kfunc {
  /** "bpf_dynptr_slice". */
  readonly name: string;
  /** As C declares it; the parameters' suffixes (__szk, __nullable, …) mean something to the verifier. */
  readonly declaration: string;
  /** The first Linux release that has it: "6.4". */
  readonly since: string;
  readonly flags: readonly KfuncFlag[];
  /** The program types that may call it, of those that see packets. */
  readonly types: readonly number[];
  /** Without this option of its configuration Linux lacks it. */
  readonly option: string | undefined;
}

function kfunc([since, declaration, flags = "", option]: KfuncRow, types: readonly number[]): Kfunc {
  const [, name] = /(\w+)\(/.exec(declaration) ?? ["", declaration];
  const words = flags.split(" ").filter((word) => word !== "");
  const known = words.filter(isKfuncFlag);
  if (known.length !== words.length) throw new WirebeeError(`kfunc table: ${name} has an unknown flag`);
  return { name, declaration, since, flags: known, types, option };
}

/** Every kfunc of Linux 6.18 that programs which see packets may call. */
export const kfuncs: readonly Kfunc[] = [...kfuncsForAll, ...kfuncsOfObjects, ...kfuncsOfPackets].flatMap(
  ({ types, rows }) => rows.map((row) => kfunc(row, types)),
);

const byName = new Map(kfuncs.map((entry) => [entry.name, entry]));

export function kfuncByName(name: string): Kfunc | undefined {
  return byName.get(name);
}
