import type { PseudoHeader } from "./checksum/pseudo-header.js";

/** Where a layer writes itself, and what is around it. */
export interface LayerPlace {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Index of the layer's first byte. */
  readonly at: number;
  /** Index behind the last byte of everything that the layer carries; padding is not counted. */
  readonly end: number;
  /** The layer that this one carries. */
  readonly above: Layer | undefined;
  /** Of the nearest IP header below. */
  readonly pseudoHeader: PseudoHeader | undefined;
}

/**
 * One header of a packet to be built: what `ethernet()`, `ipv4()`, `udp()` … return and `buildPacket`
 * takes. Layers write themselves from the innermost to the outermost, so that a checksum can cover
 * what it carries.
 */
export interface Layer {
  readonly size: number;
  /** The whole packet is padded with zeroes until this layer and what it carries have as many bytes. */
  readonly minimumLength?: number;
  /** The number by which Ethernet, VLAN, GRE and Geneve name this layer. */
  readonly etherType?: number;
  /** The number by which IP names this layer. */
  readonly ipProtocol?: number;
  /** The port by which UDP names this layer. */
  readonly udpPort?: number;
  /** Of an IP header, or a routing header that changes the destination: for checksums above. */
  pseudoHeader?(below: PseudoHeader | undefined): PseudoHeader | undefined;
  write(place: LayerPlace): void;
}

/** `value`, if it is a whole number that `bits` bits can hold; throws RangeError if not. */
export function field(name: string, value: number, bits: number): number {
  if (Number.isInteger(value) && value >= 0 && value < 2 ** bits) return value;
  throw new RangeError(`${name} is ${value}, which ${bits} bits cannot hold`);
}
