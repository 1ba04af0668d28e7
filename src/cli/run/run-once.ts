import type { TypedMap } from "../../object/index.js";
import { openInput, openReader } from "../capture-source.js";
import type { Io } from "../io.js";
import { counted } from "../show/number.js";
import { withLoadedRun } from "./loaded-run.js";
import { prepareRun } from "./prepared-run.js";
import { Progress } from "./progress.js";
import { runCapture } from "./run-capture.js";
import type { CaptureFlags, ProgramFlags } from "./run-flags.js";

/**
 * Runs a capture for what it leaves in the maps, which `show` is given with "12 packets of in.pcap".
 * Throws what the run failed with, after that.
 */
export async function runOnce(
  path: string,
  flags: ProgramFlags & CaptureFlags,
  io: Io,
  show: (maps: ReadonlyMap<string, TypedMap>, packets: string) => void,
): Promise<void> {
  const prepared = prepareRun(path, [], flags, io);
  await withLoadedRun(prepared, flags, async (loaded) => {
    const input = await openInput(flags.read, io);
    try {
      await using reader = await openReader(input, flags.wrapRaw === true);
      const result = await runCapture({
        ...loaded,
        input,
        reader,
        filter: prepared.filter,
        limit: flags.count ?? Number.POSITIVE_INFINITY,
        hook: prepared.hook,
        writer: undefined,
        listing: undefined,
        progress: new Progress(io.stderr, input.size),
        isInterrupted: () => false,
      });
      show(loaded.maps, `${counted(result.run, "packet")} of ${input.name}`);
      if (result.failure !== undefined) throw result.failure;
    } finally {
      await input.close();
    }
  });
}
