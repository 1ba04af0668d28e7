import { ObjectFormatError } from "../errors.js";
import type { Btf } from "./btf.js";
import { checkMeta } from "./check-meta.js";
import { checkReferences } from "./check-references.js";
import { BTF_HEADER_SIZE } from "./layout.js";
import { isModifier } from "./type-references.js";
import { BtfKind } from "./types.js";

const MAX_SIZE = 16 * 1024 * 1024;
const MAX_STRINGS = 0xffffff;
const MAX_TYPES = 0xfffff;
const MAX_CHAIN = 32;

/**
 * Checks BTF as BPF_BTF_LOAD does (kernel/bpf/btf.c), in either byte order: what passes here a kernel
 * takes, but for what it has to say of special fields (`struct bpf_spin_lock` and others). Reading alone
 * is more lenient, since compilers of other languages write names that no kernel takes. Throws
 * ObjectFormatError with the offset of the type that is wrong.
 */
export function checkBtf(btf: Btf): void {
  checkHeader(btf);
  for (let id = btf.firstId; id < btf.length; id++) checkMeta(btf, id);
  checkReferences(btf);
  checkTypeTags(btf);
}

function fail(message: string, offset?: number): never {
  throw new ObjectFormatError(message, { section: ".BTF", offset });
}

/** The sections fill what is behind the header, the strings last. */
function checkHeader(btf: Btf): void {
  const { bytes, view } = btf;
  const u32 = (at: number) => view.getUint32(at, btf.littleEndian);
  const headerLength = u32(4);
  if (bytes.length > MAX_SIZE) fail(`${bytes.length} bytes, of ${MAX_SIZE} that there can be`);
  if (bytes[3] !== 0) fail(`flags 0x${bytes[3].toString(16)} are unknown`, 3);
  const extra = bytes.subarray(BTF_HEADER_SIZE, headerLength);
  if (extra.some((byte) => byte !== 0)) fail("the header has unknown fields", BTF_HEADER_SIZE);
  const [typeOffset, typeLength, stringOffset, stringLength] = [u32(8), u32(12), u32(16), u32(20)];
  const isWhole =
    typeOffset === 0 &&
    stringOffset === typeLength &&
    headerLength + typeLength + stringLength === bytes.length;
  if (!isWhole) fail("types and strings do not follow each other up to the end", 8);
  if (btf.base === undefined && typeLength === 0) fail("there are no types", 12);
  if (stringLength - 1 > MAX_STRINGS) fail(`${stringLength} bytes of strings`, 20);
  if (btf.length > MAX_TYPES) fail(`${btf.length} types`);
}

/** Tags stand before all other modifiers of a type. */
function checkTypeTags(btf: Btf): void {
  let checked = 0;
  for (let id = 1; id < btf.length; id++) {
    if (!isModifier(btf.kind(id))) continue;
    let isInTags = btf.kind(id) === BtfKind.TypeTag;
    let current = id;
    for (let left = MAX_CHAIN; isModifier(btf.kind(current)); left--) {
      if (left === 0) fail(`the modifiers of type ${id} have no end`);
      const isTag = btf.kind(current) === BtfKind.TypeTag;
      if (isTag && !isInTags) fail(`type ${current} is a tag behind other modifiers`, placeOf(btf, current));
      if (!isTag) isInTags = false;
      if (current <= checked) break;
      const type = btf.type(current);
      current = "type" in type ? type.type : 0;
    }
    checked = id;
  }
}

function placeOf(btf: Btf, id: number): number | undefined {
  return id < btf.firstId ? undefined : btf.place(id);
}
