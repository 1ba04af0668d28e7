import { readFileSync } from "node:fs";
import { Btf, BtfKind } from "../../../src/btf/index.js";

/** A kernel function that programs may call, as the running kernel's BTF has it. */
export interface KernelKfunc {
  readonly id: number;
  readonly name: string;
  /** As C declares it. */
  readonly declaration: string;
}

const POINTER = 8;

/** The kfuncs of the running kernel: the functions with the tag "bpf_kfunc" in vmlinux's BTF. */
export function kernelKfuncs(): KernelKfunc[] {
  const btf = Btf.parse(readFileSync("/sys/kernel/btf/vmlinux"));
  const ids = new Set<number>();
  for (let id = 1; id < btf.length; id++) {
    const type = btf.type(id);
    if (type.kind === BtfKind.DeclTag && type.name === "bpf_kfunc") ids.add(type.type);
  }
  return [...ids].map((id) => ({ id, name: btf.name(id), declaration: declare(btf, id) }));
}

function declare(btf: Btf, id: number): string {
  const func = btf.type(id);
  const proto = func.kind === BtfKind.Func ? btf.type(func.type) : undefined;
  if (proto?.kind !== BtfKind.FuncProto) throw new Error(`type ${id} is no function`);
  const params = proto.params.map(({ name, type }) =>
    type === 0 ? "..." : typed(typeText(btf, type), name),
  );
  const head = typed(typeText(btf, proto.returnType), func.name);
  return `${head}(${params.length === 0 ? "void" : params.join(", ")})`;
}

/** "int" and "x" as "int x", "char *" and "x" as "char *x". */
function typed(type: string, name: string): string {
  return type.endsWith("*") ? type + name : `${type} ${name}`;
}

function typeText(btf: Btf, id: number): string {
  const type = btf.type(id);
  switch (type.kind) {
    case BtfKind.Void:
      return "void";
    case BtfKind.Ptr:
      return type.type !== 0 && btf.type(type.type).kind === BtfKind.FuncProto
        ? "void *"
        : typed(typeText(btf, type.type), "*");
    case BtfKind.Const:
      return `const ${typeText(btf, type.type)}`;
    case BtfKind.Volatile:
      return `volatile ${typeText(btf, type.type)}`;
    case BtfKind.TypeTag:
    case BtfKind.Restrict:
      return typeText(btf, type.type);
    case BtfKind.Struct:
      return `struct ${type.name}`;
    case BtfKind.Fwd:
      return `${type.isUnion ? "union" : "struct"} ${type.name}`;
    case BtfKind.Union:
      return `union ${type.name}`;
    case BtfKind.Enum:
    case BtfKind.Enum64:
      return `enum ${type.name}`;
    case BtfKind.Array:
      return `${typeText(btf, type.type)} (*)[${type.length * POINTER}]`;
    default:
      return type.name;
  }
}
