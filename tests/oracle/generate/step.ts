import type { AluOp, JmpOp } from "../../../src/asm/index.js";

/*
 * What generated programs do, as plain data. A step says what is wanted, not with which registers: a
 * `pick` is a number from which the writer chooses among what is there at that point (pick modulo the
 * number of choices). So any list of steps is a program that the verifier takes, and one that fails
 * stays one when steps are left out: it shrinks.
 */

export type AluName = Exclude<keyof typeof AluOp, "End" | "Neg">;
export type JumpName = Exclude<keyof typeof JmpOp, "Ja" | "Call" | "Exit" | "Jcond">;
export type SizeName = "B" | "H" | "W" | "Dw";

/** A register that holds a number, or an immediate. */
export type Operand =
  | { readonly kind: "register"; readonly pick: number }
  | { readonly kind: "imm"; readonly imm: number };

export type AtomicName =
  | "add"
  | "or"
  | "and"
  | "xor"
  | "fetch_add"
  | "fetch_or"
  | "fetch_and"
  | "fetch_xor"
  | "xchg"
  | "cmpxchg"
  | "load_acquire"
  | "store_release";

export interface Condition {
  readonly op: JumpName;
  readonly isWide: boolean;
  readonly left: number;
  readonly right: Operand;
}

/** Steps within one run of straight-line code. */
export type PlainStep =
  | { readonly kind: "constant"; readonly dst: number; readonly value: bigint }
  | {
      readonly kind: "alu";
      readonly op: AluName;
      readonly isWide: boolean;
      readonly isSigned: boolean;
      readonly dst: number;
      readonly src: Operand;
    }
  | { readonly kind: "negate"; readonly isWide: boolean; readonly dst: number }
  | {
      readonly kind: "extend";
      readonly isWide: boolean;
      readonly bits: 8 | 16 | 32;
      readonly dst: number;
      readonly src: number;
    }
  | {
      readonly kind: "swap";
      readonly how: "be" | "le" | "bswap";
      readonly bits: 16 | 32 | 64;
      readonly dst: number;
    }
  /** Memory is a pick among the stack and the pointers in scope. */
  | {
      readonly kind: "load";
      readonly memory: number;
      readonly size: SizeName;
      readonly isSigned: boolean;
      readonly offset: number;
      readonly dst: number;
    }
  | {
      readonly kind: "store";
      readonly memory: number;
      readonly size: SizeName;
      readonly offset: number;
      readonly src: Operand;
    }
  | {
      readonly kind: "atomic";
      readonly op: AtomicName;
      readonly isWide: boolean;
      readonly memory: number;
      readonly offset: number;
      readonly src: number;
    }
  /** An access at an offset that a register says. */
  | {
      readonly kind: "variable";
      readonly memory: number;
      readonly size: SizeName;
      readonly index: number;
      readonly isStore: boolean;
      readonly register: number;
    }
  /** A pointer goes to the stack and comes back. */
  | { readonly kind: "spill"; readonly memory: number }
  | { readonly kind: "context load"; readonly field: number; readonly size: SizeName; readonly dst: number }
  | { readonly kind: "context store"; readonly field: number; readonly src: Operand };

/** Steps that call a helper: r1 to r5 are lost, r0 is the result. */
export type HelperStep =
  | { readonly kind: "map update"; readonly map: number; readonly key: number; readonly flags: number }
  | { readonly kind: "map delete"; readonly map: number; readonly key: number }
  | { readonly kind: "checksum"; readonly from: number; readonly to: number; readonly seed: number }
  | { readonly kind: "adjust"; readonly which: number; readonly delta: number }
  /** bpf_xdp_load_bytes and its kin: packet to stack or stack to packet. */
  | { readonly kind: "copy"; readonly isStore: boolean; readonly offset: number; readonly length: number }
  | { readonly kind: "packet fact"; readonly which: number; readonly argument: number }
  | { readonly kind: "tail call"; readonly index: number }
  | { readonly kind: "call"; readonly function: number; readonly args: readonly number[] }
  | { readonly kind: "loop callback"; readonly function: number; readonly count: number }
  | { readonly kind: "each"; readonly function: number; readonly map: number };

/** Steps with steps in them. */
export type BlockStep =
  | {
      readonly kind: "branch";
      readonly condition: Condition;
      readonly taken: readonly Step[];
      readonly otherwise: readonly Step[];
      /** Whether the first part ends the function. */
      readonly returns: boolean;
    }
  | {
      readonly kind: "loop";
      readonly count: number;
      readonly hasMayGoto: boolean;
      readonly isLong: boolean;
      readonly body: readonly Step[];
    }
  /** Packet bytes, from its start or from where a register says. */
  | {
      readonly kind: "packet";
      readonly length: number;
      readonly index: Operand;
      readonly isMetadata: boolean;
      readonly body: readonly Step[];
    }
  /** The value of a key that a register says. */
  | { readonly kind: "value"; readonly map: number; readonly key: number; readonly body: readonly Step[] }
  /** A map's value without a look-up. */
  | {
      readonly kind: "direct value";
      readonly map: number;
      readonly offset: number;
      readonly body: readonly Step[];
    };

export type Step = PlainStep | HelperStep | BlockStep;

/** What a function is for: called, or called back by bpf_loop or bpf_for_each_map_elem. */
export type FunctionKind = "function" | "loop" | "each";

export interface FunctionPlan {
  readonly kind: FunctionKind;
  /** Whether it is given the context, which takes the place of a number. */
  readonly takesContext: boolean;
  /** Numbers that it takes: 0 to 4. */
  readonly numbers: number;
  readonly body: readonly Step[];
}

/** A program of an object, with functions of its own: each may call those behind it. */
export interface ProgramPlan {
  readonly body: readonly Step[];
  readonly functions: readonly FunctionPlan[];
}

export type Hook = "xdp" | "tc";

/** The program that runs, and those that it tail-calls. */
export interface ObjectPlan {
  readonly hook: Hook;
  readonly programs: readonly ProgramPlan[];
}
