/** Numbers of draft-ietf-opsawg-pcapng: block types, option codes, limits. */

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;

export const Block = {
  SectionHeader: 0x0a0d0d0a,
  InterfaceDescription: 1,
  /** Obsolete: replaced by EnhancedPacket. */
  Packet: 2,
  SimplePacket: 3,
  NameResolution: 4,
  InterfaceStatistics: 5,
  EnhancedPacket: 6,
} as const;

export const COMMENT = 1;

export const SectionOption = { Hardware: 2, Os: 3, Application: 4 } as const;

export const InterfaceOption = {
  Name: 2,
  Description: 3,
  MacAddress: 6,
  Speed: 8,
  TimestampResolution: 9,
  Filter: 11,
  Os: 12,
  FcsLength: 13,
  TimestampOffset: 14,
  Hardware: 15,
} as const;

export const PacketOption = {
  Comment: COMMENT,
  Flags: 2,
  Hash: 3,
  DropCount: 4,
  PacketId: 5,
  Queue: 6,
  Verdict: 7,
} as const;

export const StatisticsOption = {
  StartTime: 2,
  EndTime: 3,
  Received: 4,
  Dropped: 5,
  FilterAccepted: 6,
  OsDropped: 7,
  Delivered: 8,
} as const;

/** A block that must be held in memory may not be longer: libpcap, sf-pcapng.c, INITIAL_MAX_BLOCKSIZE. */
export const MAXIMUM_BLOCK = 16 * 1024 * 1024;
/** libpcap, sf-pcapng.c, BT_SHB_INSANE_MAX. */
export const MAXIMUM_SECTION_HEADER = 1024 * 1024;
/** Bounds of our own on what a section's interface blocks may make a reader remember. */
export const MAXIMUM_INTERFACES = 65536;
export const MAXIMUM_INTERFACE_BYTES = 16 * 1024 * 1024;
