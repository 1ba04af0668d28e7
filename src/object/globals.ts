import { type Btf, type BtfInput, type BtfValue, decodeValue, encodeValue } from "../btf/index.js";
import { SyntaxProblem } from "../errors.js";

/** Where a global variable lives. */
export interface GlobalVariable {
  readonly name: string;
  /** The data section's map. */
  readonly map: string;
  readonly offset: number;
  readonly size: number;
  /** Its type in the object's BTF; without one it is bytes. */
  readonly typeId: number | undefined;
  /** Whether it is its own object's alone: static or hidden. */
  readonly isStatic: boolean;
}

/** A data section's content, to be read and written in place. */
export interface DataStore {
  read(map: string, offset: number, size: number): Uint8Array;
  write(map: string, offset: number, bytes: Uint8Array): void;
}

/**
 * The global variables of an object, read and written by name and type. Before loading they are the
 * object's data; after loading, the same variables in the maps.
 */
export class Globals {
  readonly #variables: ReadonlyMap<string, GlobalVariable>;
  readonly #btf: Btf | undefined;
  readonly #littleEndian: boolean;
  readonly #store: DataStore;

  constructor(
    variables: readonly GlobalVariable[],
    btf: Btf | undefined,
    littleEndian: boolean,
    store: DataStore,
  ) {
    this.#variables = new Map(variables.map((variable) => [variable.name, variable]));
    this.#btf = btf;
    this.#littleEndian = littleEndian;
    this.#store = store;
  }

  /** The same variables elsewhere: in a kernel's maps. */
  at(store: DataStore): Globals {
    return new Globals([...this.#variables.values()], this.#btf, this.#littleEndian, store);
  }

  get names(): string[] {
    return [...this.#variables.keys()];
  }

  /** Where a variable lives; throws SyntaxProblem where there is none of that name. */
  variable(name: string): GlobalVariable {
    const variable = this.#variables.get(name);
    if (variable === undefined) {
      const known = this.names.length === 0 ? "it has none" : `it has ${this.names.join(", ")}`;
      throw new SyntaxProblem(`there is no global variable "${name}": ${known}`);
    }
    return variable;
  }

  /** A variable's value; bytes where the object has no type for it. */
  get(name: string): BtfValue | Uint8Array {
    const { map, offset, size, typeId } = this.variable(name);
    const bytes = this.#store.read(map, offset, size);
    if (this.#btf === undefined || typeId === undefined) return bytes;
    return decodeValue(this.#btf, typeId, bytes, this.#littleEndian);
  }

  /** Sets a variable; throws SyntaxProblem where the value is not of its type. */
  set(name: string, value: BtfInput): void {
    const { map, offset, size, typeId } = this.variable(name);
    if (this.#btf !== undefined && typeId !== undefined) {
      this.#store.write(map, offset, encodeValue(this.#btf, typeId, value, this.#littleEndian));
      return;
    }
    if (!(value instanceof Uint8Array) || value.length !== size) {
      throw new SyntaxProblem(`variable "${name}" has no type: its value is ${size} bytes`);
    }
    this.#store.write(map, offset, value);
  }
}
