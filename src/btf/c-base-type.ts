import type { BtfFloat, BtfInt } from "./types.js";

const INT_WORDS = new Set(["char", "short", "int", "long", "signed", "unsigned", "__int128", "_Bool"]);

/** Bytes of an integer type of C by its name, for BPF; undefined for what is no such name. */
function sizeInC(name: string): number | undefined {
  const words = name.split(" ");
  if (!words.every((word) => INT_WORDS.has(word))) return undefined;
  if (words.includes("char") || words.includes("_Bool")) return 1;
  if (words.includes("short")) return 2;
  if (words.includes("__int128")) return 16;
  return words.includes("long") ? 8 : 4;
}

const BY_SIZE = new Map([
  [1, "char"],
  [2, "short"],
  [4, "int"],
  [8, "long long"],
  [16, "__int128"],
]);

/**
 * An integer as C for BPF has it: by its own name where that is of this size there (compilers of other
 * languages and of 32-bit machines have others), else by its size and sign.
 */
export function spellInt(type: BtfInt): string {
  if (sizeInC(type.name) === type.size) return type.name;
  if (type.encoding.bool && type.size === 1) return "_Bool";
  const name = BY_SIZE.get(type.size);
  if (name === undefined) return bytesOf(type.size, 1);
  if (type.encoding.signed) return name === "char" ? "signed char" : name;
  return `unsigned ${name}`;
}

/** A floating-point number as C for BPF has it, which knows two sizes; others are so many bytes. */
export function spellFloat(type: BtfFloat): string {
  if (type.size === 4) return "float";
  if (type.size === 8) return "double";
  return bytesOf(type.size, type.size & -type.size);
}

function bytesOf(size: number, align: number): string {
  return `struct { unsigned char bytes[${size}]; } __attribute__((aligned(${align})))`;
}

const KEYWORDS = new Set(
  (
    "auto break case char const continue default do double else enum extern float for goto if inline int " +
    "long register restrict return short signed sizeof static struct switch typedef union unsigned void " +
    "volatile while _Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert " +
    "_Thread_local asm typeof __builtin_va_list __int128"
  ).split(" "),
);

/** A name as C takes it: languages other than C have names that are none there, or are words of its own. */
export function safeName(name: string): string {
  const letters = name.replace(/\W/g, "_").replace(/^(?=\d)/, "_");
  return KEYWORDS.has(letters) ? `${letters}_` : letters;
}
