import { Errno, ProgramType } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { flags, skb, u32 } from "./argument.js";
import { copyDynptr, DynptrType, dynptr, fillDynptr, sliceDynptr } from "./dynptr.js";

/** Program types whose programs may not write to the packet (kernel/bpf/verifier.c, may_access_direct_pkt_data). */
const READERS: readonly number[] = [ProgramType.SocketFilter, ProgramType.CgroupSkb];

function fromPacket(type: number): HelperFunction {
  return (machine) => {
    const pointer = dynptr(machine, 3);
    if (flags(machine, 2) !== 0) {
      pointer.setNull();
      machine.returns(-Errno.EINVAL);
      return;
    }
    const { packet } = machine;
    const size = type === DynptrType.SkbMeta ? skb(machine).metadataLength : packet.totalLength;
    pointer.set(packet.context, size, type, 0, READERS.includes(machine.program.type));
    machine.returns(0);
  };
}

function slice(mustWrite: boolean): HelperFunction {
  return (machine) => {
    const pointer = dynptr(machine, 1);
    const isRefused = mustWrite && pointer.isReadOnly;
    machine.returnsAddress(
      isRefused ? 0 : sliceDynptr(machine, pointer, u32(machine, 2), u32(machine, 3), u32(machine, 4)),
    );
  };
}

function adjust(machine: Machine): void {
  const pointer = dynptr(machine, 1);
  const start = u32(machine, 2);
  const end = u32(machine, 3);
  if (pointer.isNull || start > end) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (start > pointer.size || end > pointer.size) {
    machine.returns(-Errno.ERANGE);
    return;
  }
  pointer.set(pointer.data, end - start, pointer.type, pointer.offset + start, pointer.isReadOnly);
  machine.returns(0);
}

function clone(machine: Machine): void {
  const pointer = dynptr(machine, 1);
  const copy = dynptr(machine, 2);
  if (pointer.isNull) {
    copy.setNull();
    machine.returns(-Errno.EINVAL);
    return;
  }
  pointer.copyTo(copy);
  machine.returns(0);
}

function copy(machine: Machine): void {
  const [target, source] = [dynptr(machine, 1), dynptr(machine, 3)];
  const [targetOffset, sourceOffset] = [u32(machine, 2), u32(machine, 4)];
  machine.returns(copyDynptr(machine, target, targetOffset, source, sourceOffset, u32(machine, 5)));
}

function memset(machine: Machine): void {
  const byte = u32(machine, 4) & 0xff;
  machine.returns(fillDynptr(machine, dynptr(machine, 1), u32(machine, 2), u32(machine, 3), byte));
}

/** kfuncs on dynamic pointers, by name (kernel/bpf/helpers.c, net/core/filter.c). */
export const dynptrKfuncs: readonly [name: string, HelperFunction][] = [
  ["bpf_dynptr_from_skb", fromPacket(DynptrType.Skb)],
  ["bpf_dynptr_from_skb_meta", fromPacket(DynptrType.SkbMeta)],
  ["bpf_dynptr_from_xdp", fromPacket(DynptrType.Xdp)],
  ["bpf_dynptr_slice", slice(false)],
  ["bpf_dynptr_slice_rdwr", slice(true)],
  ["bpf_dynptr_adjust", adjust],
  ["bpf_dynptr_clone", clone],
  ["bpf_dynptr_copy", copy],
  ["bpf_dynptr_memset", memset],
  ["bpf_dynptr_is_null", (m) => m.returns(dynptr(m, 1).isNull ? 1 : 0)],
  ["bpf_dynptr_is_rdonly", (m) => m.returns(dynptr(m, 1).isReadOnly ? 1 : 0)],
  ["bpf_dynptr_size", (m) => m.returns(dynptr(m, 1).isNull ? -Errno.EINVAL : dynptr(m, 1).size)],
];
