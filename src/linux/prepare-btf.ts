import { type Btf, BtfBuilder, type BtfDatasec, type BtfInt, BtfKind, type BtfType } from "../btf/index.js";
import type { ObjectSpec } from "../object/index.js";
import { type BtfFeature, supportsBtf } from "./btf-support.js";

/** Names for what the kernel wants named: parameters, and variables that stand for functions. */
const PARAMETER = "parameter";
const PLACEHOLDER = "extern_function";
const INT: BtfInt = {
  kind: BtfKind.Int,
  name: "int",
  size: 4,
  bits: 32,
  bitOffset: 0,
  encoding: { signed: true, char: false, bool: false },
};
const BYTE: BtfInt = { ...INT, name: "byte", size: 1, bits: 8 };

/**
 * An object's BTF as the kernel takes it (kernel/bpf/btf.c): externs become variables, hidden functions
 * static, and what this kernel does not know yet is put in older terms. Type ids stay what they are.
 * Strings may be added before it is written.
 */
export function prepareBtf(
  spec: ObjectSpec,
  btf: Btf,
  isSupported: (feature: BtfFeature) => boolean = supportsBtf,
): BtfBuilder {
  return new Preparation(spec, btf, isSupported).prepare();
}

class Preparation {
  readonly #btf: Btf;
  readonly #isSupported: (feature: BtfFeature) => boolean;
  readonly #changed = new Map<number, BtfType>();
  readonly #added: BtfType[] = [];
  #byte: number | undefined;

  constructor(spec: ObjectSpec, btf: Btf, isSupported: (feature: BtfFeature) => boolean) {
    this.#btf = btf;
    this.#isSupported = isSupported;
    const ksyms = btf.find(".ksyms", BtfKind.Datasec);
    if (ksyms !== undefined) this.#takeKsyms(ksyms);
    for (const { linkage, typeId } of spec.programs.flatMap((program) => program.functions)) {
      const type = typeId === undefined ? undefined : btf.type(typeId);
      if (linkage !== "static" || typeId === undefined || type?.kind !== BtfKind.Func) continue;
      this.#changed.set(typeId, { ...type, linkage });
    }
  }

  prepare(): BtfBuilder {
    const builder = new BtfBuilder({ littleEndian: this.#btf.littleEndian });
    for (const id of this.#btf.ids()) {
      builder.add(this.#inOlderTerms(this.#changed.get(id) ?? withoutExterns(this.#btf.type(id))));
    }
    for (const type of this.#added) builder.add(type);
    return builder;
  }

  /** A type behind the object's own. */
  #add(type: BtfType): number {
    return this.#btf.length + this.#added.push(type) - 1;
  }

  #intType(): number {
    for (const id of this.#btf.ids()) {
      const type = this.#btf.kind(id) === BtfKind.Int ? this.#btf.type(id) : undefined;
      if (type?.kind === BtfKind.Int && type.size === INT.size) return id;
    }
    return this.#add(INT);
  }

  /** Kernel symbols: the kernel knows no externs, so each stands for an integer, as libbpf has it. */
  #takeKsyms(id: number): void {
    const section = this.#btf.type(id) as BtfDatasec;
    const int = this.#intType();
    let placeholder: number | undefined;
    const variables = section.variables.map(({ type: symbolId }, index) => {
      const entry = { offset: index * 4, size: 4 };
      const symbol = this.#btf.type(symbolId);
      if (symbol.kind !== BtfKind.Func) {
        this.#changed.set(symbolId, { kind: BtfKind.Var, name: symbol.name, type: int, linkage: "global" });
        return { ...entry, type: symbolId };
      }
      this.#changed.set(symbolId, { ...symbol, linkage: "global" });
      this.#nameParameters(symbol.type);
      // A section holds variables alone.
      placeholder ??= this.#add({ kind: BtfKind.Var, name: PLACEHOLDER, type: int, linkage: "global" });
      return { ...entry, type: placeholder };
    });
    this.#changed.set(id, { ...section, size: variables.length * 4, variables });
  }

  /** The parameters of a function must have names. */
  #nameParameters(id: number): void {
    const type = this.#btf.type(id);
    if (type.kind !== BtfKind.FuncProto) return;
    const params = type.params.map((each) =>
      each.type === 0 || each.name !== "" ? each : { ...each, name: PARAMETER },
    );
    this.#changed.set(id, { ...type, params });
  }

  /** What libbpf puts in place of kinds that a kernel does not know; sizes stay, so that layouts do. */
  #inOlderTerms(type: BtfType): BtfType {
    switch (type.kind) {
      case BtfKind.Func:
        return type.linkage === "static" || this.#isSupported("global function")
          ? type
          : { ...type, linkage: "static" };
      case BtfKind.Float:
        if (this.#isSupported("float")) return type;
        return { kind: BtfKind.Struct, name: "", size: type.size, members: [], hasBitFields: false };
      case BtfKind.DeclTag:
        return this.#isSupported("declaration tag") ? type : BYTE;
      case BtfKind.TypeTag:
        return this.#isSupported("type tag") ? type : { kind: BtfKind.Const, name: "", type: type.type };
      case BtfKind.Enum64: {
        if (this.#isSupported("enum64")) return type;
        const { name, size, values } = type;
        const byte = (this.#byte ??= this.#add(BYTE));
        const place = { type: byte, bitOffset: 0, bitFieldSize: 0 };
        const members = values.map((each) => ({ name: each.name, ...place }));
        return { kind: BtfKind.Union, name, size, members, hasBitFields: false };
      }
      case BtfKind.Enum:
        // Signs came with 64 bits: without one, a value is what its 32 bits say.
        if (!type.signed || this.#isSupported("enum64")) return type;
        return { ...type, signed: false, values: type.values.map(unsigned) };
      case BtfKind.Datasec:
        if (!type.name.startsWith("?") || this.#isSupported("? section")) return type;
        return { ...type, name: `_${type.name.slice(1)}` };
      default:
        return type;
    }
  }
}

/** Variables of the kernel's configuration are in a map by now. */
function withoutExterns(type: BtfType): BtfType {
  return type.kind === BtfKind.Var && type.linkage === "extern" ? { ...type, linkage: "global" } : type;
}

function unsigned({ name, value }: { name: string; value: bigint }): { name: string; value: bigint } {
  return { name, value: BigInt.asUintN(32, value) };
}
