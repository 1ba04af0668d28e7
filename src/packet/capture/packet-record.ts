/**
 * One packet with its time, as readers give it and writers take it. The bytes are
 * `buffer[offset .. offset + capturedLength)`, so that a record may point into a chunk of a file or
 * into an arena without a copy.
 */
export interface PacketRecord {
  readonly buffer: Uint8Array;
  readonly offset: number;
  /** Bytes that are there. */
  readonly capturedLength: number;
  /** Bytes that were on the wire; more than `capturedLength` where the capture cut the packet. */
  readonly length: number;
  /** Seconds since 1970-01-01T00:00Z. */
  readonly seconds: number;
  /** 0 .. 999,999,999. */
  readonly nanoseconds: number;
}

/** A record of `bytes`; time 0 and nothing cut off unless said otherwise. `time` is in nanoseconds. */
export function packetRecord(
  bytes: Uint8Array,
  facts: { time?: bigint; seconds?: number; nanoseconds?: number; length?: number } = {},
): PacketRecord {
  const time = facts.time;
  return {
    buffer: bytes,
    offset: 0,
    capturedLength: bytes.length,
    length: facts.length ?? bytes.length,
    seconds: time === undefined ? (facts.seconds ?? 0) : Number(time / 1_000_000_000n),
    nanoseconds: time === undefined ? (facts.nanoseconds ?? 0) : Number(time % 1_000_000_000n),
  };
}

/** The first `count` bytes of a packet to `target` at `at`, without an object for a small packet. */
export function copyBytes(packet: PacketRecord, count: number, target: Uint8Array, at: number): void {
  const { buffer, offset } = packet;
  if (count > 128) {
    target.set(buffer.subarray(offset, offset + count), at);
    return;
  }
  for (let i = 0; i < count; i++) target[at + i] = buffer[offset + i];
}
