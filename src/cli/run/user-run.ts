import { Routing } from "../../net/index.js";
import { openUserKernel, SystemClock, type UserKernel } from "../../user/index.js";
import { devicesInMaps } from "../map-contents.js";
import { CaptureClock } from "./capture-clock.js";
import type { PreparedRun } from "./prepared-run.js";
import type { ProgramFlags } from "./run-flags.js";
import { seededRandom } from "./seeded-random.js";
import type { SentCopies } from "./sent-copies.js";
import type { TraceLog } from "./trace-log.js";

/** The same for every run that names no other: two runs of a command print the same. */
const DEFAULT_SEED = 1;
const ETHERNET_MTU = 1500;
/** The one device that every kernel has. */
const LOOPBACK = 1;

/** A user-space kernel as the options of a run want it. */
export function openRunKernel(
  {
    spec,
    contents,
    targetBtf,
  }: Pick<PreparedRun, "spec" | "contents"> & Partial<Pick<PreparedRun, "targetBtf">>,
  flags: ProgramFlags,
  trace: TraceLog,
  copies: SentCopies,
): UserKernel {
  return openUserKernel({
    cpus: flags.cpus ?? 1,
    clock: flags.clock === "system" ? new SystemClock() : new CaptureClock(),
    random32: seededRandom(flags.seed ?? DEFAULT_SEED),
    routing: runRouting(devicesInMaps(spec, contents), flags, copies),
    onTrace: trace.add,
    ...(targetBtf === undefined ? {} : { targetBtf }),
  });
}

/** The devices that packets come in by and are redirected to: those that the command line names exist. */
function runRouting(redirectedTo: readonly number[], flags: ProgramFlags, copies: SentCopies): Routing {
  const routing = new Routing();
  routing.onClone = copies.add;
  const named = flags.ifindex === undefined ? [] : [flags.ifindex];
  for (const ifindex of new Set([...named, ...redirectedTo])) {
    if (ifindex <= LOOPBACK) continue;
    routing.addDevice({
      ifindex,
      name: `if${ifindex}`,
      mtu: ETHERNET_MTU,
      address: Uint8Array.of(2, 0, 0, 0, ifindex >> 8, ifindex & 0xff),
      forwarding: false,
    });
  }
  return routing;
}
