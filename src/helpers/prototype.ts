import { WirebeeError } from "../errors.js";

/** What a helper takes as one argument: enum bpf_arg_type of include/linux/bpf.h, without its flags. */
export type ArgumentKind =
  | "ANYTHING"
  | "CONST_MAP_PTR"
  | "PTR_TO_MAP_KEY"
  | "PTR_TO_MAP_VALUE"
  | "PTR_TO_MEM"
  | "CONST_SIZE"
  | "CONST_SIZE_OR_ZERO"
  | "CONST_ALLOC_SIZE_OR_ZERO"
  | "PTR_TO_CTX"
  | "PTR_TO_SPIN_LOCK"
  | "PTR_TO_SOCK_COMMON"
  | "PTR_TO_BTF_ID_SOCK_COMMON"
  | "PTR_TO_BTF_ID"
  | "PTR_TO_PERCPU_BTF_ID"
  | "PTR_TO_RINGBUF_MEM"
  | "PTR_TO_FUNC"
  | "PTR_TO_STACK"
  | "PTR_TO_CONST_STR"
  | "PTR_TO_TIMER"
  | "KPTR_XCHG_DEST"
  | "PTR_TO_DYNPTR";

/** What a helper returns: enum bpf_return_type, without its flags. */
export type ReturnKind =
  | "INTEGER"
  | "VOID"
  | "PTR_TO_MAP_VALUE"
  | "PTR_TO_SOCKET"
  | "PTR_TO_TCP_SOCK"
  | "PTR_TO_SOCK_COMMON"
  | "PTR_TO_MEM"
  | "PTR_TO_MEM_OR_BTF_ID"
  | "PTR_TO_BTF_ID";

/** What an argument or result is besides: enum bpf_type_flag. MEM_FIXED_SIZE is said by `size`. */
export type TypeFlag =
  | "PTR_MAYBE_NULL"
  | "PTR_TRUSTED"
  | "MEM_RDONLY"
  | "MEM_WRITE"
  | "MEM_UNINIT"
  | "MEM_ALIGNED"
  | "MEM_RINGBUF"
  | "OBJ_RELEASE"
  | "DYNPTR_TYPE_LOCAL"
  | "DYNPTR_TYPE_RINGBUF";

const ARGUMENT_KINDS: Record<ArgumentKind, true> = {
  ANYTHING: true,
  CONST_MAP_PTR: true,
  PTR_TO_MAP_KEY: true,
  PTR_TO_MAP_VALUE: true,
  PTR_TO_MEM: true,
  CONST_SIZE: true,
  CONST_SIZE_OR_ZERO: true,
  CONST_ALLOC_SIZE_OR_ZERO: true,
  PTR_TO_CTX: true,
  PTR_TO_SPIN_LOCK: true,
  PTR_TO_SOCK_COMMON: true,
  PTR_TO_BTF_ID_SOCK_COMMON: true,
  PTR_TO_BTF_ID: true,
  PTR_TO_PERCPU_BTF_ID: true,
  PTR_TO_RINGBUF_MEM: true,
  PTR_TO_FUNC: true,
  PTR_TO_STACK: true,
  PTR_TO_CONST_STR: true,
  PTR_TO_TIMER: true,
  KPTR_XCHG_DEST: true,
  PTR_TO_DYNPTR: true,
};

const RETURN_KINDS: Record<ReturnKind, true> = {
  INTEGER: true,
  VOID: true,
  PTR_TO_MAP_VALUE: true,
  PTR_TO_SOCKET: true,
  PTR_TO_TCP_SOCK: true,
  PTR_TO_SOCK_COMMON: true,
  PTR_TO_MEM: true,
  PTR_TO_MEM_OR_BTF_ID: true,
  PTR_TO_BTF_ID: true,
};

const FLAGS: Record<TypeFlag, true> = {
  PTR_MAYBE_NULL: true,
  PTR_TRUSTED: true,
  MEM_RDONLY: true,
  MEM_WRITE: true,
  MEM_UNINIT: true,
  MEM_ALIGNED: true,
  MEM_RINGBUF: true,
  OBJ_RELEASE: true,
  DYNPTR_TYPE_LOCAL: true,
  DYNPTR_TYPE_RINGBUF: true,
};

/** One argument or result with its kind `K`. */
export interface HelperType<K> {
  readonly kind: K;
  readonly flags: readonly TypeFlag[];
  /** Bytes of memory that it points to, where that is fixed. */
  readonly size: number | undefined;
  /** The kernel's struct that it points to, where there is but one: "task_struct". */
  readonly struct: string | undefined;
}

export type HelperArgument = HelperType<ArgumentKind>;
export type HelperReturn = HelperType<ReturnKind>;

/** What the verifier must know of a helper: struct bpf_func_proto. */
export interface HelperPrototype {
  /** r1 to r5 as far as they are used. */
  readonly arguments: readonly HelperArgument[];
  readonly returns: HelperReturn;
  /** Whether only programs with a GPL-compatible licence may call it. */
  readonly isGplOnly: boolean;
  /** Whether memory arguments may be packet memory. */
  readonly takesPacket: boolean;
  /** Whether only sleepable programs may call it. */
  readonly mightSleep: boolean;
  /** Whether it may move the packet: pointers into it are void afterwards (bpf_helper_changes_pkt_data). */
  readonly changesPacket: boolean;
  /** Whether r1 to r5 may survive the call (the bpf_fastcall contract). */
  readonly isFastcall: boolean;
}

type Property = "gpl_only" | "pkt_access" | "might_sleep" | "changes_packet" | "allow_fastcall";

/**
 * A prototype as the tables write it: arguments by commas, each a kind with flags behind `|`, and the
 * fixed size or the struct that it points to in brackets; properties by spaces.
 */
export type PrototypeRow = readonly [
  id: number,
  since: string,
  args: string,
  returns: string,
  properties?: string,
];

const PART = /^(\w+?)(?:\((\w+)\))?$/;

function typeOf<K extends string>(text: string, kinds: Record<K, true>): HelperType<K> {
  const [first, ...flags] = text.split("|");
  const [, kind, detail] = PART.exec(first) ?? [];
  if (!isKey(kinds, kind)) throw new WirebeeError(`helper table: "${text}" is of no known kind`);
  const known = flags.filter((flag): flag is TypeFlag => isKey(FLAGS, flag));
  if (known.length !== flags.length) throw new WirebeeError(`helper table: "${text}" has an unknown flag`);
  const isSize = detail !== undefined && /^\d+$/.test(detail);
  return {
    kind,
    flags: known,
    size: isSize ? Number(detail) : undefined,
    struct: isSize ? undefined : detail,
  };
}

function isKey<K extends string>(record: Record<K, true>, key: string | undefined): key is K {
  return key !== undefined && Object.hasOwn(record, key);
}

/** Reads a row's columns. Throws WirebeeError for one that is not written as `PrototypeRow` says. */
export function parsePrototype(args: string, returns: string, properties = ""): HelperPrototype {
  const has = (property: Property) => properties.split(" ").includes(property);
  return {
    arguments: args === "" ? [] : args.split(", ").map((text) => typeOf(text, ARGUMENT_KINDS)),
    returns: typeOf(returns, RETURN_KINDS),
    isGplOnly: has("gpl_only"),
    takesPacket: has("pkt_access"),
    mightSleep: has("might_sleep"),
    changesPacket: has("changes_packet"),
    isFastcall: has("allow_fastcall"),
  };
}
