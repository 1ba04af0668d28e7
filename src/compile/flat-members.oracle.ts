import { type Btf, BtfKind } from "../btf/index.js";

/** Where a member lies, in bits. */
export interface MemberPlace {
  readonly offset: number;
  readonly size: number;
}

/** Every member that is no struct itself, by its path as C writes it ("un.echo.id"), with where it lies. */
export function flatMembers(btf: Btf, id: number): Map<string, MemberPlace> {
  const members = new Map<string, MemberPlace>();
  collect(btf, id, "", 0, members);
  return members;
}

function collect(
  btf: Btf,
  id: number,
  prefix: string,
  base: number,
  members: Map<string, MemberPlace>,
): void {
  const type = btf.resolved(id);
  if (type.kind !== BtfKind.Struct && type.kind !== BtfKind.Union) return;
  for (const { name, type: memberType, bitOffset, bitFieldSize } of type.members) {
    const offset = base + bitOffset;
    const resolved = btf.resolved(memberType);
    const isComposite = resolved.kind === BtfKind.Struct || resolved.kind === BtfKind.Union;
    if (isComposite) collect(btf, memberType, name === "" ? prefix : `${prefix}${name}.`, offset, members);
    else if (name !== "") {
      const size = bitFieldSize === 0 ? btf.sizeOf(memberType) * 8 : bitFieldSize;
      members.set(prefix + name, { offset, size });
    }
  }
}
