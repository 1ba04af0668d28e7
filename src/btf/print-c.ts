import { NotSupportedError } from "../errors.js";
import type { Btf } from "./btf.js";
import { CLayouts } from "./c-layout.js";
import { CNames } from "./c-names.js";
import { TypeOrder } from "./c-order.js";
import { CText } from "./c-text.js";
import { typeReferences } from "./type-references.js";
import { BtfKind } from "./types.js";

export interface HeaderOptions {
  /** The macro that keeps the header from being read twice; __VMLINUX_H__ by default. */
  readonly guard?: string;
}

/**
 * Types as C, with all that they need and in the order that C wants, laid out for BPF as BTF says.
 * Functions and variables among them are declared. Throws ObjectFormatError for types that contain
 * themselves, NotSupportedError for those of 32-bit kernels, whose pointers C for BPF does not have.
 */
export function printTypes(btf: Btf, ids: Iterable<number>): string {
  const statements = new Printer(btf, ids).statements();
  return statements.map((statement) => `${statement};\n`).join("\n");
}

/**
 * All types as a header for BPF programs, as `bpftool btf dump … format c` makes vmlinux.h: every access
 * to them is relocatable (CO-RE), and kernel functions are declared. Of split BTF its own types, with
 * what they need of the base's. Throws as `printTypes` does.
 */
export function printHeader(btf: Btf, options: HeaderOptions = {}): string {
  const guard = options.guard ?? "__VMLINUX_H__";
  const printer = new Printer(btf, definitions(btf));
  const types = printer.statements((kind) => kind !== BtfKind.Func);
  const functions = printer.statements((kind) => kind === BtfKind.Func);
  return [
    `#ifndef ${guard}\n#define ${guard}\n`,
    "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n" +
      "#pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)\n#endif\n",
    ...types.map((statement) => `${statement};\n`),
    "#ifndef BPF_NO_PRESERVE_ACCESS_INDEX\n#pragma clang attribute pop\n#endif\n",
    ...(functions.length === 0
      ? []
      : [
          "#ifndef BPF_NO_KFUNC_PROTOTYPES\n" +
            '#ifndef __ksym\n#define __ksym __attribute__((section(".ksyms")))\n#endif\n' +
            "#ifndef __weak\n#define __weak __attribute__((weak))\n#endif\n",
          `${functions.map((each) => `${each} __weak __ksym;\n`).join("")}#endif\n`,
        ]),
    `#endif /* ${guard} */\n`,
  ].join("\n");
}

/** All that a header has: what has a name, enums that nothing else would write, functions to be called. */
function* definitions(btf: Btf): Generator<number> {
  const referred = new Set<number>();
  for (const id of btf.ids()) for (const part of typeReferences(btf.type(id))) referred.add(part);
  for (let id = btf.firstId; id < btf.length; id++) {
    const type = btf.type(id);
    switch (type.kind) {
      case BtfKind.Struct:
      case BtfKind.Union:
      case BtfKind.Typedef:
      case BtfKind.Fwd:
        if (type.name !== "") yield id;
        break;
      case BtfKind.Enum:
      case BtfKind.Enum64:
        if (type.name !== "" || !referred.has(id)) yield id;
        break;
      case BtfKind.Func:
        if (btf.declTags(id).some((tag) => tag.name === "bpf_kfunc")) yield id;
        break;
    }
  }
}

class Printer {
  readonly #btf: Btf;
  readonly #order: TypeOrder;
  readonly #names: CNames;
  readonly #text: CText;

  constructor(btf: Btf, ids: Iterable<number>) {
    if (btf.pointerSize !== 8) {
      throw new NotSupportedError(
        "C for 32-bit types",
        `pointers of ${btf.pointerSize} bytes have no place in C for BPF, where they have 8`,
      );
    }
    this.#btf = btf;
    this.#order = new TypeOrder(btf);
    for (const id of ids) this.#order.add(id);
    this.#names = new CNames(btf, this.#order.steps);
    this.#text = new CText(btf, this.#names, new CLayouts(btf, this.#order.composites));
  }

  /** What is said of the types of some kinds; all by default. */
  statements(isWanted: (kind: BtfKind) => boolean = () => true): string[] {
    return this.#order.steps
      .filter(({ id }) => isWanted(this.#btf.kind(id)))
      .filter(({ id }) => !this.#isRenamedFunction(id))
      .map((step) => this.#text.step(step));
  }

  /** A function whose name a type has already: under another it would be another. */
  #isRenamedFunction(id: number): boolean {
    return this.#btf.kind(id) === BtfKind.Func && this.#names.of(id) !== this.#btf.name(id);
  }
}
