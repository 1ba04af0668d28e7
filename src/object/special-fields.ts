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
const MAX_DEPTH = 16;

/** The fields of a value that belong to the kernel, in the order of their offsets. */
export function specialFields(btf: Btf, typeId: number | undefined): SpecialFieldSpec[] {
  if (typeId === undefined) return [];
  const fields: SpecialFieldSpec[] = [];
  collect(btf, typeId, 0, fields, 0);
  return fields.sort((a, b) => a.offset - b.offset);
}

function collect(btf: Btf, typeId: number, offset: number, into: SpecialFieldSpec[], depth: number): void {
  if (depth > MAX_DEPTH) return;
  const type = btf.resolved(typeId);
  switch (type.kind) {
    case BtfKind.Struct: {
      const kind = KINDS.get(type.name);
      if (kind !== undefined) {
        into.push({ kind, offset, size: type.size });
        return;
      }
      for (const member of type.members) {
        if (member.bitFieldSize === 0)
          collect(btf, member.type, offset + member.bitOffset / 8, into, depth + 1);
      }
      return;
    }
    case BtfKind.Array: {
      const size = btf.sizeOf(type.type);
      // An array of plain values has nothing to find, however long it is.
      const first: SpecialFieldSpec[] = [];
      collect(btf, type.type, 0, first, depth + 1);
      for (let i = 0; i < type.length && first.length > 0; i++) {
        into.push(...first.map((field) => ({ ...field, offset: offset + i * size + field.offset })));
      }
      return;
    }
    case BtfKind.Ptr: {
      const pointee = btf.type(type.type);
      if (pointee.kind === BtfKind.TypeTag && KPTR_TAGS.includes(pointee.name)) {
        into.push({ kind: "kptr", offset, size: 8 });
      }
    }
  }
}
