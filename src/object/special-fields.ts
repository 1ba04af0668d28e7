import { type Btf, BtfKind } from "../btf/index.js";
import type { SpecialFieldSpec } from "./object-spec.js";

/** Structs that belong to the kernel wherever they stand in a map's value (kernel/bpf/btf.c). */
const KINDS = new Map<string, SpecialFieldSpec["kind"]>([
  ["bpf_spin_lock", "spin_lock"],
  ["bpf_res_spin_lock", "spin_lock"],
  ["bpf_timer", "timer"],
  ["bpf_wq", "workqueue"],
  ["bpf_task_work", "workqueue"],
  ["bpf_refcount", "refcount"],
  ["bpf_list_head", "list"],
  ["bpf_list_node", "list"],
  ["bpf_rb_root", "rbtree"],
  ["bpf_rb_node", "rbtree"],
]);
const KPTR_TAGS = ["kptr", "kptr_untrusted", "percpu_kptr", "uptr"];
/** Types deeper than that are no C. */
const MAX_DEPTH = 16;
/** Fields that are listed: more than a kernel takes (11, BTF_FIELDS_MAX of include/linux/bpf.h). */
const MOST_LISTED = 12;

/** The fields of a value that belong to the kernel, in the order of their offsets. */
export function specialFields(btf: Btf, typeId: number | undefined): SpecialFieldSpec[] {
  if (typeId === undefined) return [];
  return new FieldFinder(btf).fieldsOf(typeId, 0).toSorted((a, b) => a.offset - b.offset);
}

class FieldFinder {
  readonly #btf: Btf;
  /** What was found in each type: structs that hold one another would be walked again and again. */
  readonly #found = new Map<number, readonly SpecialFieldSpec[]>();

  constructor(btf: Btf) {
    this.#btf = btf;
  }

  /** The fields of a type, with offsets from its own start. */
  fieldsOf(typeId: number, depth: number): readonly SpecialFieldSpec[] {
    if (depth > MAX_DEPTH) return [];
    const id = this.#btf.resolve(typeId);
    const known = this.#found.get(id);
    if (known !== undefined) return known;
    const fields = this.#find(id, depth).slice(0, MOST_LISTED);
    this.#found.set(id, fields);
    return fields;
  }

  #find(id: number, depth: number): SpecialFieldSpec[] {
    const type = this.#btf.type(id);
    switch (type.kind) {
      case BtfKind.Struct: {
        const kind = KINDS.get(type.name);
        if (kind !== undefined) return [{ kind, offset: 0, size: type.size }];
        const fields: SpecialFieldSpec[] = [];
        for (const { type: member, bitOffset, bitFieldSize } of type.members) {
          if (bitFieldSize !== 0) continue;
          fields.push(...moved(this.fieldsOf(member, depth + 1), bitOffset / 8));
        }
        return fields;
      }
      case BtfKind.Array: {
        const size = this.#btf.sizeOf(type.type);
        const first = this.fieldsOf(type.type, depth + 1);
        const count = first.length === 0 ? 0 : Math.min(type.length, MOST_LISTED);
        return Array.from({ length: count }, (_, i) => moved(first, i * size)).flat();
      }
      case BtfKind.Ptr: {
        const pointee = this.#btf.type(type.type);
        const isKept = pointee.kind === BtfKind.TypeTag && KPTR_TAGS.includes(pointee.name);
        return isKept ? [{ kind: "kptr", offset: 0, size: 8 }] : [];
      }
      default:
        return [];
    }
  }
}

function moved(fields: readonly SpecialFieldSpec[], by: number): SpecialFieldSpec[] {
  return fields.map((field) => ({ ...field, offset: field.offset + by }));
}
