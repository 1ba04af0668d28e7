import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { BtfKind } from "./types.js";

/** Bits of `info` that are not used. */
const INFO_UNUSED = 0x60ff0000;
/** KSYM_NAME_LEN, the NUL included. */
const MAX_NAME = 512;
/** C's identifiers, and dots, which compilers put into the names of what they derive. */
const IDENTIFIER = /^[A-Za-z_.][\w.]*$/;
const FLOAT_SIZES = [2, 4, 8, 12, 16];
const ENUM_SIZES = [1, 2, 4, 8];

/** Whether a name is one that the kernel takes for a type, member or function. */
export function isIdentifier(name: string): boolean {
  return name.length < MAX_NAME && IDENTIFIER.test(name);
}

/** Checks what a type says by itself, without those that it refers to. Throws ObjectFormatError. */
export function checkMeta(btf: Btf, id: number): void {
  const at = btf.place(id);
  const u32 = (offset: number) => btf.view.getUint32(at + offset, btf.littleEndian);
  const type = btf.type(id);
  const fail = (why: string): never => {
    throw new ObjectFormatError(`type ${id} ("${type.name}"): ${why}`, { section: ".BTF", offset: at });
  };
  const [nameOffset, info, sizeOrType] = [u32(0), u32(4), u32(8)];
  const vlen = info & 0xffff;
  const hasFlag = info >>> 31 === 1;
  const noEntries = () => vlen === 0 || fail(`${vlen} entries, of which it has none`);
  const noFlag = () => !hasFlag || fail("the kind flag means nothing for it");
  const noName = () => nameOffset === 0 || fail("it can have no name");
  const validName = () => isIdentifier(type.name) || fail("its name is no identifier");
  const optionalName = () => nameOffset === 0 || validName();
  if ((info & INFO_UNUSED) !== 0) fail(`info 0x${info.toString(16)} has unknown bits`);

  switch (type.kind) {
    case BtfKind.Int: {
      noEntries();
      noFlag();
      const word = u32(12);
      if (word >>> 28 !== 0) fail(`integer data 0x${word.toString(16)} has unknown bits`);
      const { signed, char, bool } = type.encoding;
      if (Number(signed) + Number(char) + Number(bool) > 1) fail("it has several encodings");
      return;
    }
    case BtfKind.Ptr:
    case BtfKind.Volatile:
    case BtfKind.Const:
    case BtfKind.Restrict:
      noEntries();
      noFlag();
      noName();
      return;
    case BtfKind.Typedef:
      noEntries();
      noFlag();
      validName();
      return;
    case BtfKind.TypeTag:
      noEntries();
      if (type.name === "") fail("a tag has a name");
      return;
    case BtfKind.Array:
      noName();
      noEntries();
      noFlag();
      if (sizeOrType !== 0) fail("an array's size is that of its elements");
      if (type.type === 0 || type.indexType === 0) fail("elements or indices are void");
      return;
    case BtfKind.Struct:
    case BtfKind.Union: {
      optionalName();
      let last = 0;
      for (const [i, { name, type: member, bitOffset }] of type.members.entries()) {
        if (u32(12 + i * 12) !== 0 && !isIdentifier(name)) fail(`the name of member ${i} is no identifier`);
        if (member === 0) fail(`member ${i} is void`);
        if (type.kind === BtfKind.Union && bitOffset !== 0)
          fail(`member ${i} of a union at bit ${bitOffset}`);
        if (bitOffset < last) fail(`member ${i} is before the one before it`);
        if (Math.ceil(bitOffset / 8) > type.size) fail(`member ${i} is behind the end`);
        last = bitOffset;
      }
      return;
    }
    case BtfKind.Enum:
    case BtfKind.Enum64:
      if (!ENUM_SIZES.includes(type.size)) fail(`an enum of ${type.size} bytes`);
      optionalName();
      for (const { name } of type.values)
        if (!isIdentifier(name)) fail(`"${name}" is no name of an enumerator`);
      return;
    case BtfKind.Fwd:
      noEntries();
      if (sizeOrType !== 0) fail("a declaration refers to nothing");
      validName();
      return;
    case BtfKind.FuncProto:
      noName();
      noFlag();
      return;
    case BtfKind.Func:
      validName();
      if (type.linkage === "extern") fail("kernels take no functions from elsewhere");
      noFlag();
      return;
    case BtfKind.Var:
      noEntries();
      noFlag();
      validName();
      if (type.type === 0) fail("a variable is not void");
      if (type.linkage === "extern") fail("kernels take no variables from elsewhere");
      return;
    case BtfKind.Datasec: {
      if (type.size === 0) fail("a section has a size");
      noFlag();
      // Not more is asked of a section's name than that it can be printed.
      if (type.name.length >= MAX_NAME || !/^[\x20-\x7e]+$/.test(type.name)) fail("its name is no section's");
      let end = 0;
      for (const { type: variable, offset, size } of type.variables) {
        if (variable === 0) fail("a variable is not void");
        if (offset < end || offset >= type.size) fail(`a variable at ${offset} overlaps, or is outside`);
        if (size === 0 || offset + size > type.size) fail(`a variable of ${size} bytes at ${offset}`);
        end = offset + size;
      }
      return;
    }
    case BtfKind.Float:
      noEntries();
      noFlag();
      if (!FLOAT_SIZES.includes(type.size)) fail(`a floating-point number of ${type.size} bytes`);
      return;
    case BtfKind.DeclTag:
      if (type.name === "") fail("a tag has a name");
      noEntries();
      if (type.componentIndex < -1) fail(`component ${type.componentIndex}`);
      return;
  }
}
