/** Why a run was ended from outside the program. */
export type TrapKind =
  | "memory access"
  | "instruction budget"
  | "call depth"
  | "invalid instruction"
  | "invalid argument";

/**
 * A run that could not go on: verification should make it impossible. It ends that packet as
 * XDP_ABORTED or TC_ACT_SHOT, never the process. The interpreter adds where it happened.
 */
export class Trap extends Error {
  override name = "Trap";
  readonly kind: TrapKind;

  constructor(kind: TrapKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
