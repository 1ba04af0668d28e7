import type { HelperFunction } from "../machine.js";
import { Trap } from "../trap.js";

/** __bpf_trap: what compilers put where nothing should ever come. */
export const trapKfuncs: readonly [name: string, HelperFunction][] = [
  [
    "__bpf_trap",
    () => {
      throw new Trap("invalid instruction", "the compiler believed that this could not be reached");
    },
  ],
];
