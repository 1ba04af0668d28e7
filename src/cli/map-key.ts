import type { BtfInput } from "../btf/index.js";
import { SyntaxProblem } from "../errors.js";
import type { TypedMap } from "../object/index.js";
import { parseIpv4, parseIpv6 } from "../packet/index.js";
import { MapType } from "../uapi/index.js";

/** Bytes of `prefixlen`, with which the key of an LPM_TRIE begins. */
const PREFIX_LENGTH = 4;

/** A map's key from what a person wrote: of an LPM_TRIE also "10.0.0.0/8" or an address alone. */
export function keyInput(map: TypedMap, input: BtfInput): BtfInput {
  if (map.raw.type !== MapType.LpmTrie || typeof input !== "string") return input;
  const size = map.spec.keySize - PREFIX_LENGTH;
  if (size !== 4 && size !== 16) return input;
  const [text, length] = input.split("/");
  const address = size === 4 ? parseIpv4(text) : parseIpv6(text);
  const bits = length === undefined ? size * 8 : Number(length);
  if (!Number.isInteger(bits) || bits < 0 || bits > size * 8 || length === "") {
    throw new SyntaxProblem(`"${input}": a prefix length of 0 to ${size * 8} is wanted behind the slash`);
  }
  const key = new Uint8Array(map.spec.keySize);
  new DataView(key.buffer).setUint32(0, bits, true);
  key.set(address, PREFIX_LENGTH);
  return key;
}
