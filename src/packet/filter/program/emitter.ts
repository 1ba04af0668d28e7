import { SyntaxProblem } from "../../../errors.js";
import { ClassicBpfCode, SOURCE_X } from "../classic-bpf/code.js";
import { SCRATCH_WORDS, type SockFilter } from "../classic-bpf/sock-filter.js";
import type { ArithmeticOperator } from "../language/expression.js";
import type { LoadSize, Value } from "./value.js";

/** What the registers hold at some point of the program, as far as it is known. */
export interface Registers {
  readonly a: Value | undefined;
  readonly x: Value | undefined;
}

export const UNKNOWN: Registers = { a: undefined, x: undefined };

/** Codes of operators with K. */
const codes: Readonly<Record<ArithmeticOperator, number>> = {
  "+": ClassicBpfCode.AddK,
  "-": ClassicBpfCode.SubK,
  "*": ClassicBpfCode.MulK,
  "/": ClassicBpfCode.DivK,
  "%": ClassicBpfCode.ModK,
  "&": ClassicBpfCode.AndK,
  "|": ClassicBpfCode.OrK,
  "^": ClassicBpfCode.XorK,
  "<<": ClassicBpfCode.LshK,
  ">>": ClassicBpfCode.RshK,
};

const commutative: ReadonlySet<ArithmeticOperator> = new Set<ArithmeticOperator>(["+", "*", "&", "|", "^"]);
const absoluteLoads: Readonly<Record<LoadSize, number>> = {
  1: ClassicBpfCode.LdByteAbs,
  2: ClassicBpfCode.LdHalfAbs,
  4: ClassicBpfCode.LdWordAbs,
};
const indirectLoads: Readonly<Record<LoadSize, number>> = {
  1: ClassicBpfCode.LdByteInd,
  2: ClassicBpfCode.LdHalfInd,
  4: ClassicBpfCode.LdWordInd,
};

/** Writes the instructions of one block, none for what a register holds already. */
export class Emitter {
  readonly instructions: SockFilter[] = [];
  #a: Value | undefined;
  #x: Value | undefined;
  /** Words of scratch memory in use, of which the first are taken by `store` steps for good. */
  #scratch: number;

  constructor(registers: Registers, scratchWords: number) {
    this.#a = registers.a;
    this.#x = registers.x;
    this.#scratch = scratchWords;
  }

  get registers(): Registers {
    return { a: this.#a, x: this.#x };
  }

  /** One instruction that is no conditional jump. */
  emit(code: number, k = 0): void {
    this.instructions.push({ code, jt: 0, jf: 0, k });
  }

  /** The registers hold what only the caller knows. */
  forget(): void {
    this.#a = undefined;
    this.#x = undefined;
  }

  /** A word of scratch memory while `use` runs. */
  withScratch(use: (slot: number) => void): void {
    if (this.#scratch === SCRATCH_WORDS) {
      throw new SyntaxProblem(`the expression needs more than ${SCRATCH_WORDS} words of scratch memory`);
    }
    use(this.#scratch++);
    this.#scratch--;
  }

  /** Brings a value to A; may change X. */
  toA(value: Value): void {
    if (this.#a === value) return;
    switch (value.kind) {
      case "number":
        this.emit(ClassicBpfCode.LdImm, value.value);
        break;
      case "length":
        this.emit(ClassicBpfCode.LdLen);
        break;
      case "scratch":
        this.emit(ClassicBpfCode.LdMem, value.slot);
        break;
      case "load":
        if (value.base === undefined) {
          this.emit(absoluteLoads[value.size], value.offset);
        } else {
          this.toX(value.base);
          this.emit(indirectLoads[value.size], value.offset);
        }
        break;
      case "header-length":
        this.toX(value);
        this.emit(ClassicBpfCode.Txa);
        break;
      case "negate":
        this.toA(value.operand);
        this.emit(ClassicBpfCode.Neg);
        break;
      case "binary":
        this.#binary(value.operator, value.left, value.right);
        break;
    }
    this.#a = value;
  }

  /** Brings a value to X; may change A unless `loadsToX`. */
  toX(value: Value): void {
    if (this.#x === value) return;
    switch (value.kind) {
      case "number":
        this.emit(ClassicBpfCode.LdxImm, value.value);
        break;
      case "length":
        this.emit(ClassicBpfCode.LdxLen);
        break;
      case "scratch":
        this.emit(ClassicBpfCode.LdxMem, value.slot);
        break;
      case "header-length":
        this.emit(ClassicBpfCode.LdxMsh, value.offset);
        break;
      default:
        this.toA(value);
        this.emit(ClassicBpfCode.Tax);
    }
    this.#x = value;
  }

  /** Brings two values to A and X, in whichever order takes least. */
  toBoth(left: Value, right: Value): void {
    if (loadsToX(right) || right === this.#x) {
      // What is in X now may be gone once `left` has been reckoned; then it is loaded again.
      if (loadsToX(right) || keepsX(left)) {
        this.toA(left);
        this.toX(right);
        return;
      }
    }
    if (keepsX(left)) {
      this.toX(right);
      this.toA(left);
      return;
    }
    this.withScratch((slot) => {
      this.toA(right);
      this.emit(ClassicBpfCode.St, slot);
      this.toA(left);
      this.emit(ClassicBpfCode.LdxMem, slot);
      this.#x = right;
    });
  }

  #binary(operator: ArithmeticOperator, left: Value, right: Value): void {
    const code = codes[operator];
    if (right.kind === "number") {
      this.toA(left);
      this.emit(code, right.value);
    } else if (commutative.has(operator) && left.kind === "number") {
      this.toA(right);
      this.emit(code, left.value);
    } else {
      const swap = commutative.has(operator) && !loadsToX(right) && loadsToX(left);
      this.toBoth(swap ? right : left, swap ? left : right);
      this.emit(code | SOURCE_X);
    }
  }
}

/** Can X be loaded with it without a detour by A? */
function loadsToX(value: Value): boolean {
  return ["number", "length", "scratch", "header-length"].includes(value.kind);
}

/** Does it come to A without changing X? */
function keepsX(value: Value): boolean {
  switch (value.kind) {
    case "number":
    case "length":
    case "scratch":
      return true;
    case "load":
      return value.base === undefined;
    case "negate":
      return keepsX(value.operand);
    case "binary":
      return value.right.kind === "number" && keepsX(value.left);
    case "header-length":
      return false;
  }
}
