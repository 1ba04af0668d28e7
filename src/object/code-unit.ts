import type { CoreRelocation, LineInfo } from "../btf/index.js";
import type { Reference } from "./object-spec.js";

/** What an instruction of a function refers to, before functions are put together. */
export type UnitReference =
  | Reference
  /** A call of, or a pointer to, a function of the object: its section, and slot in there. */
  | {
      readonly kind: "call" | "function";
      readonly slot: number;
      readonly section: number;
      readonly target: number;
    };

/** One function of an object: a program's entry or a subprogram. Slots count from its own start. */
export interface CodeUnit {
  readonly name: string;
  /** Index of its section. */
  readonly section: number;
  readonly sectionName: string;
  /** Its first slot in the section. */
  readonly start: number;
  readonly binding: "local" | "global" | "weak";
  /** Hidden functions are verified with their callers, as static ones are. */
  readonly isHidden: boolean;
  /** Little endian. */
  readonly code: Uint8Array;
  readonly references: readonly UnitReference[];
  readonly lines: readonly (LineInfo & { readonly slot: number })[];
  readonly relocations: readonly (CoreRelocation & { readonly slot: number })[];
  readonly typeId: number | undefined;
}
