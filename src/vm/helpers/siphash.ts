/** A key of SipHash: 128 bits as four 32-bit words, the lowest first. */
export type SipKey = readonly [number, number, number, number];

/** v0 to v3 of SipHash as 32-bit halves: v0 is `[0]` (low) and `[1]` (high), and so on. */
type State = Int32Array;

const INITIAL = [
  0x70736575, 0x736f6d65, 0x6e646f6d, 0x646f7261, 0x6e657261, 0x6c796765, 0x79746573, 0x74656462,
];

function add(v: State, a: number, b: number): void {
  const low = (v[a] + v[b]) | 0;
  v[a + 1] = v[a + 1] + v[b + 1] + (low >>> 0 < v[a] >>> 0 ? 1 : 0);
  v[a] = low;
}

/** Rotates `v[a]` left by `bits` (1 to 31), and exclusive-ors it with `v[b]`. */
function rotateAndMix(v: State, a: number, bits: number, b: number): void {
  const low = v[a];
  const high = v[a + 1];
  v[a] = ((low << bits) | (high >>> (32 - bits))) ^ v[b];
  v[a + 1] = ((high << bits) | (low >>> (32 - bits))) ^ v[b + 1];
}

function rotateHalf(v: State, a: number): void {
  const low = v[a];
  v[a] = v[a + 1];
  v[a + 1] = low;
}

const V0 = 0;
const V1 = 2;
const V2 = 4;
const V3 = 6;

function round(v: State): void {
  add(v, V0, V1);
  rotateAndMix(v, V1, 13, V0);
  rotateHalf(v, V0);
  add(v, V2, V3);
  rotateAndMix(v, V3, 16, V2);
  add(v, V0, V3);
  rotateAndMix(v, V3, 21, V0);
  add(v, V2, V1);
  rotateAndMix(v, V1, 17, V2);
  rotateHalf(v, V2);
}

/**
 * The low 32 bits of SipHash-2-4 over bytes (J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast
 * short-input PRF", 2012): what Linux's siphash() gives where it is stored in a u32.
 */
export function siphash32(bytes: Uint8Array, key: SipKey): number {
  const v = Int32Array.from(INITIAL);
  for (let i = 0; i < 8; i++) v[i] ^= key[i & 3];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = bytes.length & ~7;
  for (let at = 0; at < whole; at += 8) absorb(v, view.getInt32(at, true), view.getInt32(at + 4, true));
  let low = 0;
  let high = bytes.length << 24;
  for (let i = whole; i < bytes.length; i++) {
    const place = i - whole;
    if (place < 4) low |= bytes[i] << (place * 8);
    else high |= bytes[i] << ((place - 4) * 8);
  }
  absorb(v, low, high);
  v[V2] ^= 0xff;
  for (let i = 0; i < 4; i++) round(v);
  return (v[V0] ^ v[V1] ^ v[V2] ^ v[V3]) >>> 0;
}

function absorb(v: State, low: number, high: number): void {
  v[V3] ^= low;
  v[V3 + 1] ^= high;
  round(v);
  round(v);
  v[V0] ^= low;
  v[V0 + 1] ^= high;
}
