import { Element, type HashTable } from "./hash-table.js";

/**
 * The elements of a table that are not in it. They keep their key and value until they are used
 * again, as a program may still hold a pointer to them.
 */
export class ElementPool {
  readonly #table: HashTable;
  #head = 0;
  #untouched: number;
  readonly #end: number;

  constructor(table: HashTable, elements: number) {
    this.#table = table;
    this.#untouched = table.elements;
    this.#end = table.elements + elements * table.stride;
  }

  /** An element, or 0 if none is left. The one given back last comes first. */
  take(): number {
    const { u32 } = this.#table.arena;
    if (this.#head !== 0) {
      const element = this.#head;
      this.#head = u32[(element + Element.Next) >>> 2];
      return element;
    }
    if (this.#untouched === this.#end) return 0;
    const element = this.#untouched;
    this.#untouched += this.#table.stride;
    return element;
  }

  give(element: number): void {
    this.#table.arena.u32[(element + Element.Next) >>> 2] = this.#head;
    this.#head = element;
  }
}
