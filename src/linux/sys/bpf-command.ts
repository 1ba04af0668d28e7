/** Commands of bpf(2): enum bpf_cmd of include/uapi/linux/bpf.h. Those not listed are not used. */
export const BpfCommand = {
  MapCreate: 0,
  MapLookupElem: 1,
  MapUpdateElem: 2,
  MapDeleteElem: 3,
  MapGetNextKey: 4,
  ProgLoad: 5,
  ObjPin: 6,
  ObjGet: 7,
  ProgTestRun: 10,
  ProgGetNextId: 11,
  MapGetNextId: 12,
  ProgGetFdById: 13,
  MapGetFdById: 14,
  ObjGetInfoByFd: 15,
  BtfLoad: 18,
  BtfGetFdById: 19,
  MapLookupAndDeleteElem: 21,
  MapFreeze: 22,
  BtfGetNextId: 23,
  MapLookupBatch: 24,
  MapLookupAndDeleteBatch: 25,
  MapUpdateBatch: 26,
  MapDeleteBatch: 27,
} as const;
export type BpfCommand = (typeof BpfCommand)[keyof typeof BpfCommand];

const names = new Map<number, string>(
  Object.entries(BpfCommand).map(([name, value]) => [
    value,
    `BPF_${name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase()}`,
  ]),
);

/** "BPF_MAP_CREATE". */
export function bpfCommandName(command: BpfCommand): string {
  return names.get(command) ?? `bpf(${command})`;
}
