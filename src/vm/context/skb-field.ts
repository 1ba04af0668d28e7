/** Byte offsets of struct __sk_buff's fields (include/uapi/linux/bpf.h); 4 bytes each unless told. */
export const SkbField = {
  Len: 0,
  PktType: 4,
  Mark: 8,
  QueueMapping: 12,
  /** Network byte order in the low two bytes. */
  Protocol: 16,
  VlanPresent: 20,
  VlanTci: 24,
  /** Network byte order in the low two bytes. */
  VlanProto: 28,
  Priority: 32,
  IngressIfindex: 36,
  Ifindex: 40,
  TcIndex: 44,
  /** 20 bytes. */
  Cb: 48,
  Hash: 68,
  TcClassid: 72,
  Data: 76,
  DataEnd: 80,
  NapiId: 84,
  DataMeta: 140,
  /** 8 bytes. */
  Tstamp: 152,
  WireLen: 160,
  GsoSegs: 164,
  /** 8 bytes: a pointer. */
  Sk: 168,
  GsoSize: 176,
  /** 1 byte. */
  TstampType: 180,
  /** 8 bytes. */
  Hwtstamp: 184,
} as const;

/** sizeof(struct __sk_buff). */
export const SKB_CONTEXT_SIZE = 192;
