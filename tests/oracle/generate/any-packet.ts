import fc from "fast-check";
import type { TrialPacket } from "../../../src/testing/index.js";
import type { Hook } from "./step.js";

/*
 * Packets that both kernels run programs on: Linux's BPF_PROG_TEST_RUN takes no sk_buff whose
 * EtherType promises an IP header that it is too short for.
 */

const ETHER_TYPE_OFFSET = 12;
const OTHER_TYPES = [0x0806, 0x8847, 0x1234];
const u32 = fc.oneof(fc.nat(0xff), fc.integer({ min: 0, max: 0xffff_ffff }));

/** Frames of any bytes: short ones, and such as have room for what programs look for. */
const frame = fc
  .tuple(
    fc.oneof(
      fc.uint8Array({ minLength: 14, maxLength: 40, size: "max" }),
      fc.uint8Array({ minLength: 60, maxLength: 128, size: "max" }),
    ),
    fc.nat(7),
  )
  .map(([bytes, pick]) => {
    const types = [
      ...OTHER_TYPES,
      ...(bytes.length >= 34 ? [0x0800] : []),
      ...(bytes.length >= 54 ? [0x86dd] : []),
      ...(bytes.length >= 18 ? [0x8100] : []),
    ];
    new DataView(bytes.buffer).setUint16(ETHER_TYPE_OFFSET, types[pick % types.length]);
    return bytes;
  });

const xdpPacket: fc.Arbitrary<TrialPacket> = fc
  .tuple(frame, fc.constantFrom(0, 0, 4, 8, 32))
  .map(([packet, metadataLength]) => {
    const withMetadata = new Uint8Array(metadataLength + packet.length);
    withMetadata.set(packet, metadataLength);
    for (let i = 0; i < metadataLength; i++) withMetadata[i] = 0xa0 + i;
    return { packet: withMetadata, options: { metadataLength, ingressIfindex: 1 } };
  });

const tcPacket: fc.Arbitrary<TrialPacket> = fc
  .record({
    packet: frame,
    mark: u32,
    priority: u32,
    cb: fc.array(u32, { minLength: 5, maxLength: 5 }),
    tstamp: fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }),
    hwtstamp: fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }),
    moreOnWire: fc.nat(1000),
    gsoSegs: fc.nat(0xffff),
  })
  .map(({ packet, moreOnWire, ...fields }) => ({
    packet,
    options: { skb: { ...fields, ifindex: 1, wireLen: packet.length + moreOnWire } },
  }));

/** So many packets, to be run one after another. */
export function anyPackets(hook: Hook, count: number): fc.Arbitrary<TrialPacket[]> {
  const packet = hook === "xdp" ? xdpPacket : tcPacket;
  return fc.array(packet, { minLength: count, maxLength: count });
}
