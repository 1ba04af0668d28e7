import type { TypedMap } from "../../object/index.js";
import { fillMaps } from "../map-contents.js";
import { onLinux } from "../on-linux.js";
import { withSource } from "./blame.js";
import type { EventSource } from "./events.js";
import { LinuxEvents } from "./linux-events.js";
import { LinuxRunner } from "./linux-runner.js";
import { MapSnapshot } from "./map-changes.js";
import type { PacketRunner } from "./packet-runner.js";
import type { PreparedRun } from "./prepared-run.js";
import type { ProgramFlags } from "./run-flags.js";
import { SentCopies } from "./sent-copies.js";
import { TraceLog } from "./trace-log.js";
import { UserEvents } from "./user-events.js";
import { openRunKernel } from "./user-run.js";
import { UserRunner } from "./user-runner.js";

/** A program in a kernel, its maps filled, ready for packets. */
export interface LoadedRun {
  readonly maps: ReadonlyMap<string, TypedMap>;
  readonly snapshot: MapSnapshot;
  readonly runner: PacketRunner;
  readonly events: EventSource;
  readonly trace: TraceLog;
  readonly copies: SentCopies;
}

/** Loads a program into the kernel that the options name, for as long as `work` takes. */
export async function withLoadedRun<T>(
  prepared: PreparedRun,
  flags: ProgramFlags,
  work: (loaded: LoadedRun) => Promise<T>,
): Promise<T> {
  const run = flags.on === "linux" ? inLinux : inUserSpace;
  try {
    return await run(prepared, flags, work);
  } catch (error) {
    throw withSource(error, prepared.spec);
  }
}

async function inUserSpace<T>(
  prepared: PreparedRun,
  flags: ProgramFlags,
  work: (loaded: LoadedRun) => Promise<T>,
): Promise<T> {
  const trace = new TraceLog();
  const copies = new SentCopies();
  await using kernel = openRunKernel(prepared, flags, trace, copies);
  using object = await kernel.load(prepared.spec, { programs: [prepared.program.name] });
  fillMaps(object, prepared.contents, flags.maps ?? "");
  const { maps } = object;
  const snapshot = new MapSnapshot(maps.values(), filled(prepared));
  const events = new UserEvents(object, prepared.eventTypes);
  const program = object.program(prepared.program.name);
  const runner = new UserRunner(kernel, program, prepared.hook, arrival(flags), maps.values());
  // Awaited here: the object is closed at the end of this block.
  return await work({ maps, snapshot, runner, events, trace, copies });
}

function inLinux<T>(
  prepared: PreparedRun,
  flags: ProgramFlags,
  work: (loaded: LoadedRun) => Promise<T>,
): Promise<T> {
  return onLinux(async (kernel) => {
    using object = await kernel.load(prepared.spec, { programs: [prepared.program.name] });
    fillMaps(object, prepared.contents, flags.maps ?? "");
    const { maps } = object;
    const snapshot = new MapSnapshot(maps.values(), filled(prepared));
    const events = new LinuxEvents(object, prepared.eventTypes);
    const runner = new LinuxRunner(object.program(prepared.program.name), prepared.hook, arrival(flags));
    return await work({ maps, snapshot, runner, events, trace: new TraceLog(), copies: new SentCopies() });
  });
}

function filled({ contents }: PreparedRun): ReadonlySet<string> {
  return new Set(Object.keys(contents));
}

function arrival({ ifindex, queue }: ProgramFlags): {
  ifindex: number | undefined;
  queue: number | undefined;
} {
  return { ifindex, queue };
}
