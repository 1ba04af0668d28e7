/** Flags of map creation: BPF_F_* of include/uapi/linux/bpf.h. */
export const MapFlag = {
  NoPrealloc: 1 << 0,
  NoCommonLru: 1 << 1,
  NumaNode: 1 << 2,
  Rdonly: 1 << 3,
  Wronly: 1 << 4,
  StackBuildId: 1 << 5,
  ZeroSeed: 1 << 6,
  RdonlyProg: 1 << 7,
  WronlyProg: 1 << 8,
  Clone: 1 << 9,
  Mmapable: 1 << 10,
  PreserveElems: 1 << 11,
  InnerMap: 1 << 12,
  Link: 1 << 13,
  PathFd: 1 << 14,
  VtypeBtfObjFd: 1 << 15,
  TokenFd: 1 << 16,
  SegvOnFault: 1 << 17,
  NoUserConv: 1 << 18,
} as const;

/** Flags of map updates: BPF_ANY, BPF_NOEXIST, BPF_EXIST, BPF_F_LOCK. */
export const UpdateFlag = { Any: 0, NoExist: 1, Exist: 2, Lock: 4 } as const;
