/**
 * What helpers and kfuncs do: one table by helper id, one by kfunc name. A helper that is not here is
 * refused when a program that calls it is loaded.
 */
import { kfuncByName } from "../../helpers/index.js";
import type { HelperFunction } from "../machine.js";
import { adjustRoomHelpers } from "./adjust-room.js";
import { bitsIteratorKfuncs } from "./bits-iterator.js";
import { callHelpers } from "./call.js";
import { checksumHelpers } from "./checksum.js";
import { conntrackKfuncs } from "./conntrack.js";
import { dynptrHelpers } from "./dynptr-helper.js";
import { dynptrKfuncs } from "./dynptr-kfunc.js";
import { dynptrProbeKfuncs } from "./dynptr-probe.js";
import { kernelMemoryHelpers } from "./kernel-memory.js";
import { machineHelpers } from "./machine-facts.js";
import { mapHelpers, mapKfuncs } from "./map.js";
import { networkHelpers } from "./network.js";
import { numberIteratorKfuncs } from "./number-iterator.js";
import { perfEventHelpers } from "./perf-event.js";
import { printHelpers } from "./print.js";
import { sectionKfuncs } from "./rcu.js";
import { redirectHelpers } from "./redirect.js";
import { ringBufferHelpers } from "./ring-buffer.js";
import { skbBytesHelpers } from "./skb-bytes.js";
import { skbFactsHelpers } from "./skb-facts.js";
import { skbShapeHelpers } from "./skb-shape.js";
import { socketHelpers, socketKfuncs } from "./socket.js";
import { spinLockHelpers, spinLockKfuncs } from "./spin-lock.js";
import { stringHelpers } from "./string.js";
import { stringKfuncs } from "./string-kfunc.js";
import { syncookieHelpers } from "./syncookie.js";
import { timeHelpers } from "./time.js";
import { timerHelpers } from "./timer.js";
import { trapKfuncs } from "./trap-kfunc.js";
import { tunnelHelpers } from "./tunnel.js";
import { userRingBufferHelpers } from "./user-ring-buffer.js";
import { xdpHelpers, xdpKfuncs } from "./xdp.js";

const helpers = new Map<number, HelperFunction>([
  ...mapHelpers,
  ...timeHelpers,
  ...machineHelpers,
  ...printHelpers,
  ...stringHelpers,
  ...callHelpers,
  ...spinLockHelpers,
  ...ringBufferHelpers,
  ...perfEventHelpers,
  ...timerHelpers,
  ...dynptrHelpers,
  ...kernelMemoryHelpers,
  ...xdpHelpers,
  ...skbBytesHelpers,
  ...skbShapeHelpers,
  ...adjustRoomHelpers,
  ...skbFactsHelpers,
  ...checksumHelpers,
  ...tunnelHelpers,
  ...redirectHelpers,
  ...networkHelpers,
  ...socketHelpers,
  ...syncookieHelpers,
  ...userRingBufferHelpers,
]);

/** C types of 32 bits or fewer: what a kfunc of such a type returns leaves the high half of r0 open; here it is 0. */
const NARROW = /^(int|u32|__u32|s32|bool) \w/;

function narrow([name, kfunc]: readonly [name: string, HelperFunction]): [string, HelperFunction] {
  if (!NARROW.test(kfuncByName(name)?.declaration ?? "")) return [name, kfunc];
  return [
    name,
    (machine) => {
      kfunc(machine);
      machine.reg[1] = 0;
    },
  ];
}

const kfuncs = new Map<string, HelperFunction>(
  [
    ...dynptrKfuncs,
    ...dynptrProbeKfuncs,
    ...numberIteratorKfuncs,
    ...bitsIteratorKfuncs,
    ...sectionKfuncs,
    ...spinLockKfuncs,
    ...stringKfuncs,
    ...mapKfuncs,
    ...xdpKfuncs,
    ...socketKfuncs,
    ...conntrackKfuncs,
    ...trapKfuncs,
  ].map(narrow),
);

/** What helper `id` does; undefined where it is not implemented. */
export function helperImplementation(id: number): HelperFunction | undefined {
  return helpers.get(id);
}

/** What the kfunc of that name does; undefined where it is not implemented. */
export function kfuncImplementation(name: string): HelperFunction | undefined {
  return kfuncs.get(name);
}
