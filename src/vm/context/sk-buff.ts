import type { Arena } from "../../arena/index.js";
import { Errno } from "../../uapi/index.js";
import { EtherType, isVlan } from "./ether-type.js";
import { SKB_CONTEXT_SIZE, SkbField } from "./skb-field.js";
import type { TunnelKey } from "./tunnel-key.js";

const ETH_HLEN = 14;
const VLAN_HLEN = 4;
/** BPF_SKB_MAX_LEN: SKB_MAX_ALLOC, four pages less struct skb_shared_info. */
export const SKB_MAX_LENGTH = 16384 - 320;
/** The longest packet that `load` takes: what a capture may hold. */
const MAX_PACKET = 256 * 1024;
/** Free bytes kept before the packet; pushes beyond move the packet back within the buffer. */
const HEADROOM = 64 * 1024;
const BUFFER = HEADROOM + MAX_PACKET + 64 * 1024;
/** VLAN_MAX_DEPTH: tags behind one another that are looked through. */
const MAX_VLAN_DEPTH = 8;
/** NO_QUEUE_MAPPING: writes of this and above to queue_mapping are ignored. */
const NO_QUEUE_MAPPING = 0xffff;
/** SKB_MAX_CSUM_LEVEL. */
const MAX_CHECKSUM_LEVEL = 3;
const SCRATCH_SIZE = 256;

export const PacketType = { Host: 0, Broadcast: 1, Multicast: 2, OtherHost: 3 } as const;

/** The fields of a fresh sk_buff that its maker chooses; all 0 by default. */
export interface SkbFields {
  readonly mark?: number;
  readonly priority?: number;
  readonly ingressIfindex?: number;
  readonly ifindex?: number;
  readonly queueMapping?: number;
  readonly cb?: readonly number[];
  /** Nanoseconds. */
  readonly tstamp?: bigint;
  readonly hwtstamp?: bigint;
  readonly wireLen?: number;
  readonly gsoSegs?: number;
  readonly gsoSize?: number;
  /** Hardware address (6 bytes) of the receiving device: decides pkt_type. The loopback device's without. */
  readonly deviceAddress?: Uint8Array;
  /** Bytes at the packet's start that are metadata which XDP left. */
  readonly metadataLength?: number;
}

/**
 * A packet as TC programs see it: struct __sk_buff in the arena, and a linear buffer with headroom.
 * One object is used for packet after packet: `load` starts the next. Programs see the packet from
 * the Ethernet header on where `isL2`, and from the network header on otherwise (socket filters and
 * cgroup programs).
 */
export class SkBuff {
  readonly kind = "skb";
  readonly context: number;
  /** 256 bytes for copies from one place to another. */
  readonly scratch: number;
  readonly #arena: Arena;
  readonly #buffer: number;
  readonly #isL2: boolean;
  #view: DataView;
  /** Addresses of the headers. */
  #mac = 0;
  #network = 0;
  #transport: number | undefined;
  /** skb->mac_len, which does not follow every move of the headers. */
  #macLength = 0;
  #metadata = 0;
  #hashIsValid = false;
  #isEncapsulated = false;
  #isChecksumUnnecessary = false;
  #checksumLevel = 0;
  #queueMapping = 0;
  /** Tunnel metadata, where a program or a tunnel device has set it. */
  tunnel: TunnelKey | undefined;

  constructor(arena: Arena, isL2 = true) {
    this.#arena = arena;
    this.#isL2 = isL2;
    this.context = arena.alloc(SKB_CONTEXT_SIZE + SCRATCH_SIZE, 16, "struct __sk_buff");
    this.scratch = this.context + SKB_CONTEXT_SIZE;
    this.#buffer = arena.alloc(BUFFER, 4096, "sk_buff");
    this.#view = arena.view;
  }

  /** A field of struct __sk_buff as an unsigned 32-bit number. */
  get(field: number): number {
    return this.#view.getUint32(this.context + field, true);
  }

  #set(field: number, value: number): void {
    this.#view.setUint32(this.context + field, value, true);
  }

  get data(): number {
    return this.get(SkbField.Data);
  }

  get dataEnd(): number {
    return this.get(SkbField.DataEnd);
  }

  get length(): number {
    return this.get(SkbField.Len);
  }

  get totalLength(): number {
    return this.length;
  }

  /** Offset of the network header from `data`. */
  get networkOffset(): number {
    return this.#network - this.data;
  }

  /** Offset of the transport header from `data`, once something has found it. */
  get transportOffset(): number | undefined {
    return this.#transport === undefined ? undefined : this.#transport - this.data;
  }

  set transportOffset(value: number | undefined) {
    this.#transport = value === undefined ? undefined : this.data + value;
  }

  /** Offset of the Ethernet header from `data`. */
  get macOffset(): number {
    return this.#mac - this.data;
  }

  /** Bytes of metadata that XDP left. */
  get metadataLength(): number {
    return this.#metadata;
  }

  /** Address of the byte at `offset` of the metadata, which ends where the Ethernet header begins. */
  metadataAt(offset: number): number {
    return this.#mac - this.#metadata + offset;
  }

  get isGso(): boolean {
    return this.get(SkbField.GsoSize) !== 0;
  }

  get isEncapsulated(): boolean {
    return this.#isEncapsulated;
  }

  /** EtherType, host byte order. */
  get protocol(): number {
    return this.#view.getUint16(this.context + SkbField.Protocol, false);
  }

  set protocol(value: number) {
    this.#view.setUint16(this.context + SkbField.Protocol, value, false);
  }

  /**
   * The EtherType behind tags that stand in the packet, 0 where they are cut off (include/linux/if_vlan.h,
   * __vlan_get_protocol_offset, with skb->mac_len as the kernel keeps it).
   */
  get protocolBehindTags(): number {
    let type = this.protocol;
    if (!isVlan(type)) return type;
    let at = this.#macLength === 0 ? ETH_HLEN : this.#macLength - VLAN_HLEN;
    for (let depth = 1; isVlan(type); depth++) {
      if (at < 0 || !this.holds(at, VLAN_HLEN) || depth === MAX_VLAN_DEPTH) return 0;
      type = this.#view.getUint16(this.at(at + 2), false);
      at += VLAN_HLEN;
    }
    return type;
  }

  /** Address of the byte at `offset` of what the program sees. */
  at(offset: number): number {
    return this.data + offset;
  }

  /**
   * Puts a packet in, as a device would give it to the stack: the Ethernet header read, protocol and
   * pkt_type set (net/ethernet/eth.c, eth_type_trans). Returns 0 or -EINVAL for less than an
   * Ethernet header or more than 256 KiB.
   */
  load(packet: Uint8Array, fields: SkbFields = {}): number {
    const metadata = fields.metadataLength ?? 0;
    if (packet.length - metadata < ETH_HLEN || packet.length > MAX_PACKET) return -Errno.EINVAL;
    this.#view = this.#arena.view;
    const start = this.#buffer + HEADROOM;
    this.#arena.u8.set(packet, start - metadata);
    this.#arena.u8.fill(0, this.context, this.context + SKB_CONTEXT_SIZE);
    this.#mac = start;
    this.#network = start + ETH_HLEN;
    this.#transport = undefined;
    this.#macLength = 0;
    this.#metadata = metadata;
    this.#hashIsValid = false;
    this.#isEncapsulated = false;
    this.#isChecksumUnnecessary = false;
    this.#checksumLevel = 0;
    this.tunnel = undefined;
    this.#queueMapping = fields.queueMapping ?? 0;

    const skipped = this.#isL2 ? 0 : ETH_HLEN;
    this.#place(start + skipped, packet.length - metadata - skipped);
    this.#set(SkbField.PktType, this.#packetType(start, fields.deviceAddress));
    this.protocol = this.#etherType(start + 12);
    this.#set(SkbField.QueueMapping, this.#queueMapping);
    this.#set(SkbField.Mark, fields.mark ?? 0);
    this.#set(SkbField.Priority, fields.priority ?? 0);
    this.#set(SkbField.IngressIfindex, fields.ingressIfindex ?? 0);
    this.#set(SkbField.Ifindex, fields.ifindex ?? 0);
    fields.cb?.forEach((word, index) => {
      this.#set(SkbField.Cb + index * 4, word);
    });
    this.#view.setBigUint64(this.context + SkbField.Tstamp, fields.tstamp ?? 0n, true);
    this.#view.setBigUint64(this.context + SkbField.Hwtstamp, fields.hwtstamp ?? 0n, true);
    this.#set(SkbField.WireLen, fields.wireLen || this.length);
    this.#set(SkbField.GsoSegs, fields.gsoSegs ?? 0);
    this.#set(SkbField.GsoSize, fields.gsoSize ?? 0);
    return 0;
  }

  #place(data: number, length: number): void {
    this.#set(SkbField.Data, data);
    this.#set(SkbField.DataEnd, data + length);
    this.#set(SkbField.DataMeta, data - this.#metadata);
    this.#set(SkbField.Len, length);
  }

  /** net/ethernet/eth.c, eth_skb_pkt_type: the loopback device has no broadcast address. */
  #packetType(mac: number, device: Uint8Array | undefined): number {
    const { u8 } = this.#arena;
    const isEqual = (byteAt: (index: number) => number) => {
      for (let i = 0; i < 6; i++) if (u8[mac + i] !== byteAt(i)) return false;
      return true;
    };
    if (isEqual((index) => device?.[index] ?? 0)) return PacketType.Host;
    if ((u8[mac] & 1) === 0) return PacketType.OtherHost;
    return device !== undefined && isEqual(() => 0xff) ? PacketType.Broadcast : PacketType.Multicast;
  }

  /** EtherType at an address, with Linux's names for frames that have a length instead. */
  #etherType(address: number): number {
    const type = this.#view.getUint16(address, false);
    if (type >= EtherType.Lowest) return type;
    // Raw IPX has 0xffff where LLC would be.
    return this.#view.getUint16(address + 2, false) === 0xffff ? EtherType.Novell : EtherType.Llc;
  }

  /** A copy of the packet as the wire would have it: from the Ethernet header on. */
  copy(): Uint8Array {
    return this.#arena.u8.slice(Math.min(this.#mac, this.data), this.dataEnd);
  }

  /** A copy of what the program sees. */
  copySeen(): Uint8Array {
    return this.#arena.u8.slice(this.data, this.dataEnd);
  }

  /** A copy of struct __sk_buff. */
  copyContext(): Uint8Array {
    return this.#arena.u8.slice(this.context, this.context + SKB_CONTEXT_SIZE);
  }

  /** Whether what the program sees equals `bytes`. */
  equals(bytes: Uint8Array): boolean {
    if (bytes.length !== this.length) return false;
    const { u8 } = this.#arena;
    const { data } = this;
    for (let i = 0; i < bytes.length; i++) if (u8[data + i] !== bytes[i]) return false;
    return true;
  }

  /**
   * The program has written to its context: some fields keep 16 bits, and queue_mapping ignores what
   * is no queue (net/core/filter.c, bpf_convert_ctx_access). `value` is what the instruction has: a
   * register's 64 bits, unsigned, or an immediate, signed, so that a negative one is a queue.
   */
  contextWritten(offset: number, value: number): void {
    switch (offset & ~3) {
      case SkbField.TcIndex:
      case SkbField.TcClassid:
        this.#set(offset & ~3, this.get(offset & ~3) & 0xffff);
        return;
      case SkbField.QueueMapping: {
        if (value < NO_QUEUE_MAPPING) this.#queueMapping = value & 0xffff;
        this.#set(SkbField.QueueMapping, this.#queueMapping);
      }
    }
  }

  /** Whether `length` bytes at `offset` are in the packet. */
  holds(offset: number, length: number): boolean {
    return offset + length <= this.length;
  }

  /**
   * bpf_skb_generic_push: `length` zero bytes at `offset`; what lies before them moves to the front,
   * and the Ethernet and network headers with it.
   */
  insert(offset: number, length: number): void {
    this.#makeHeadroom(length);
    const { u8 } = this.#arena;
    const from = this.data;
    const to = from - length;
    u8.copyWithin(to, from, from + offset);
    u8.fill(0, to + offset, to + offset + length);
    this.#place(to, this.length + length);
    this.#moveHeaders(-length);
  }

  /** bpf_skb_net_hdr_push and _pop: the transport header stays, unless it is the network header. */
  #moveHeaders(distance: number): void {
    if (this.#transport === this.#network) this.#transport += distance;
    this.#mac += distance;
    this.#network += distance;
  }

  /** bpf_skb_generic_pop: takes `length` bytes at `offset` away; -ENOMEM if they are not there. */
  remove(offset: number, length: number): number {
    if (!this.holds(offset, length)) return -Errno.ENOMEM;
    const from = this.data;
    const to = from + length;
    this.#arena.u8.copyWithin(to, from, from + offset);
    this.#place(to, this.length - length);
    this.#moveHeaders(length);
    return 0;
  }

  /** Grows the front by `length` zero bytes, which become the Ethernet header. */
  growHead(length: number): void {
    this.#makeHeadroom(length);
    const to = this.data - length;
    this.#arena.u8.fill(0, to, to + length);
    this.#place(to, this.length + length);
    this.#mac = to;
    this.#resetMacLength();
  }

  #resetMacLength(): void {
    this.#macLength = this.#network - this.#mac;
  }

  /** Cuts the packet, or grows it by zeroes. */
  resize(length: number): void {
    const { data } = this;
    const old = this.length;
    if (length > old) this.#arena.u8.fill(0, data + old, data + length);
    this.#place(data, length);
  }

  /** Room for `length` more bytes at the front: where there is none, the packet moves back. */
  #makeHeadroom(length: number): void {
    const { data } = this;
    const first = data - this.#metadata;
    if (first - length >= this.#buffer) return;
    const shift = this.#buffer + HEADROOM - data;
    this.#arena.u8.copyWithin(first + shift, first, this.dataEnd);
    this.#mac += shift;
    this.#network += shift;
    if (this.#transport !== undefined) this.#transport += shift;
    this.#place(data + shift, this.length);
  }

  /** Marks the packet as one that carries another; the network header is the outer one. */
  encapsulate(): void {
    this.#isEncapsulated = true;
  }

  resetGso(): void {
    this.#set(SkbField.GsoSize, 0);
    this.#set(SkbField.GsoSegs, 0);
  }

  set packetType(value: number) {
    this.#set(SkbField.PktType, value);
  }

  get packetType(): number {
    return this.get(SkbField.PktType);
  }

  get hash(): number | undefined {
    return this.#hashIsValid ? this.get(SkbField.Hash) : undefined;
  }

  set hash(value: number | undefined) {
    this.#hashIsValid = value !== undefined;
    this.#set(SkbField.Hash, value ?? 0);
  }

  /** tstamp in nanoseconds and its clock (BPF_SKB_CLOCK_*). */
  setTimestamp(nanoseconds: bigint, clock: number): void {
    this.#view.setBigUint64(this.context + SkbField.Tstamp, nanoseconds, true);
    this.#view.setUint8(this.context + SkbField.TstampType, clock);
  }

  /** skb->csum_level where the device has verified checksums; undefined where none are known good. */
  get checksumLevel(): number | undefined {
    return this.#isChecksumUnnecessary ? this.#checksumLevel : undefined;
  }

  /** include/linux/skbuff.h, __skb_incr_checksum_unnecessary. */
  raiseChecksumLevel(): void {
    if (!this.#isChecksumUnnecessary) {
      this.#isChecksumUnnecessary = true;
      this.#checksumLevel = 0;
    } else if (this.#checksumLevel < MAX_CHECKSUM_LEVEL) {
      this.#checksumLevel++;
    }
  }

  /** include/linux/skbuff.h, __skb_decr_checksum_unnecessary. */
  lowerChecksumLevel(): void {
    if (!this.#isChecksumUnnecessary) return;
    if (this.#checksumLevel === 0) this.#isChecksumUnnecessary = false;
    else this.#checksumLevel--;
  }

  /** include/linux/skbuff.h, __skb_reset_checksum_unnecessary. */
  resetChecksum(): void {
    this.#isChecksumUnnecessary = false;
    this.#checksumLevel = 0;
  }

  /** The device's verdict on the checksums of a received packet. */
  markChecksumVerified(): void {
    this.#isChecksumUnnecessary = true;
    this.#checksumLevel = 0;
  }

  #setVlan(protocol: number, tci: number): void {
    this.#set(SkbField.VlanPresent, protocol === 0 ? 0 : 1);
    this.#set(SkbField.VlanTci, tci);
    this.#set(SkbField.VlanProto, 0);
    this.#view.setUint16(this.context + SkbField.VlanProto, protocol, false);
  }

  /**
   * skb_vlan_push: the tag goes beside the packet, as network cards keep it; a tag that was there goes
   * into the packet. `protocol` is 0x8100 or 0x88a8, host byte order.
   */
  pushVlan(protocol: number, tci: number): number {
    if (this.get(SkbField.VlanPresent) !== 0) {
      if (this.data !== this.#mac) return -Errno.EINVAL;
      const oldProtocol = this.#view.getUint16(this.context + SkbField.VlanProto, false);
      const oldTci = this.get(SkbField.VlanTci);
      this.insert(12, VLAN_HLEN);
      this.#view.setUint16(this.data + 12, oldProtocol, false);
      this.#view.setUint16(this.data + 14, oldTci, false);
      this.protocol = oldProtocol;
    }
    this.#setVlan(protocol, tci);
    this.#resetMacLength();
    return 0;
  }

  /** skb_vlan_pop: takes the outermost tag away; the next one comes out of the packet. */
  popVlan(): number {
    if (this.get(SkbField.VlanPresent) !== 0) {
      this.#setVlan(0, 0);
    } else {
      if (!isVlan(this.protocol)) return 0;
      const tci = this.#popInnerTag();
      if (tci < 0) return tci;
    }
    if (!isVlan(this.protocol)) return 0;
    const { protocol } = this;
    const tci = this.#popInnerTag();
    if (tci < 0) return tci;
    this.#setVlan(protocol, tci);
    return 0;
  }

  /** __skb_vlan_pop: takes the tag out of the packet and returns its TCI. */
  #popInnerTag(): number {
    if (this.data !== this.#mac) return -Errno.EINVAL;
    if (!this.holds(0, ETH_HLEN + VLAN_HLEN)) return -Errno.ENOMEM;
    const tag = this.data + ETH_HLEN;
    const tci = this.#view.getUint16(tag, false);
    this.protocol = this.#etherType(tag + 2);
    const network = this.#network;
    const from = this.data;
    this.#arena.u8.copyWithin(from + VLAN_HLEN, from, from + 12);
    this.#place(from + VLAN_HLEN, this.length - VLAN_HLEN);
    this.#mac += VLAN_HLEN;
    this.#network = Math.max(network, this.data + ETH_HLEN);
    this.#resetMacLength();
    return tci;
  }

  /** Gives the memory back. */
  close(): void {
    this.#arena.free(this.context);
    this.#arena.free(this.#buffer);
  }
}
