import { Command, Option } from "commander";
import { SyntaxProblem, VerifierError } from "../../errors.js";
import type { CaptureReader } from "../../packet/index.js";
import { type CaptureInput, openInput, openReader } from "../capture-source.js";
import { ExitCode } from "../exit-code.js";
import type { Io } from "../io.js";
import { kernelTitle } from "../kernel-title.js";
import { withCompileOptions } from "../object-source.js";
import { collected, integer, jsonOption, kernelOption } from "../options.js";
import { openOutput } from "../output-file.js";
import { packageVersion } from "../package-version.js";
import { Printer } from "../printer.js";
import { JsonListing } from "../run/json-listing.js";
import type { Listing } from "../run/listing.js";
import { type LoadedRun, withLoadedRun } from "../run/loaded-run.js";
import { type PreparedRun, prepareRun } from "../run/prepared-run.js";
import { Progress } from "../run/progress.js";
import { runCapture } from "../run/run-capture.js";
import type { RunFlags } from "../run/run-flags.js";
import type { RunReport } from "../run/run-report.js";
import { MAX_SEED } from "../run/seeded-random.js";
import { summaryJson } from "../run/summary-json.js";
import { printSummary } from "../run/summary-text.js";
import { TextListing } from "../run/text-listing.js";
import { VerdictWriter } from "../run/verdict-writer.js";
import { jsonDocument } from "../show/json.js";
import { Palette, wantsColour } from "../show/palette.js";

const MAX_CPUS = 1024;

const HELP = `
OBJ is a BPF object, or a C source that is compiled first. FILTER is a
pcap-filter expression (man 7 pcap-filter).

With --json, 64-bit values beyond 2^53 are strings; --json -v prints a line of
JSON for each packet, event and line of trace ("type" tells which), and the
summary last.

--maps names a JSON file: {"MAP": [{"key": ..., "value": ...}, ...], ...}.
Structs are objects, addresses may be text ("10.0.0.9"), keys of LPM tries
"10.0.0.0/8", entries of program arrays and maps of maps are names.

--on linux runs the program by BPF_PROG_TEST_RUN, which tells neither where a
packet is redirected to, nor VLAN tags that the program pushed, nor tc_classid.

Example:
  wirebee run firewall.bpf.c -r in.pcap -w verdicts.pcapng 'udp and not port 53'`;

/** `wirebee run`. */
export function runCommand(io: Io, done: (code: ExitCode) => void): Command {
  const command = new Command("run")
    .description("give a capture's packets to a program and count the verdicts")
    .argument("<OBJ>", "a BPF object, or a C source")
    .argument("[FILTER...]", "which packets: a pcap-filter expression")
    .optionsGroup("Packets:")
    .requiredOption("-r, --read <file>", "the capture, pcap or pcapng; - for standard input")
    .option("-c, --count <n>", "stop after so many packets", integer(1, Number.MAX_SAFE_INTEGER))
    .option("--wrap-raw", "give raw IP packets an Ethernet header")
    .option("-n", "numbers for addresses and ports; always so")
    .optionsGroup("Program:")
    .option("-s, --program <name>", "the program, where the object has several")
    .option("--set <name=value>", "set a global variable before loading", collected)
    .option("--maps <file>", "what maps hold before the first packet: JSON")
    .option("--btf <file>", "the kernel's types for CO-RE: /sys/kernel/btf/vmlinux")
    .option("--egress", "run a TC program for packets to be sent")
    .optionsGroup("Machine:")
    .addOption(kernelOption())
    .option("--ifindex <n>", "the device that packets come in by", integer(1, 0x7fffffff))
    .option("--queue <n>", "the RX queue that they come in by", integer(0, 65534))
    .option("--cpus <n>", "CPUs, over which flows are spread", integer(1, MAX_CPUS))
    .addOption(
      new Option("--clock <capture|system>", "the time that programs see: of the packets or now").choices([
        "capture",
        "system",
      ]),
    )
    .option("--seed <n>", "seed of the random numbers that programs see", integer(0, MAX_SEED))
    .optionsGroup("Output:")
    .option("-w, --write <file>", "write packets with their verdicts, pcapng; - for standard output")
    .option("-v, --verbose", "show each packet and event, and the log of a verifier that refuses")
    .option("-x, --hex", "show each packet's bytes as it left")
    .option("-q, --quiet", "show the verdicts' table alone")
    .option("--trace", "show every line of bpf_trace_printk")
    .option("--event-type <map=type>", "the type of a map's events", collected)
    .option("--map-limit <n>", "elements shown of each map", integer(0, Number.MAX_SAFE_INTEGER), 16)
    .addOption(jsonOption());
  return withCompileOptions(command)
    .addHelpText("after", HELP)
    .action(async (object: string, filter: string[], flags: RunFlags) => {
      if (flags.json === true && flags.write === "-") {
        throw new SyntaxProblem("--json and -w - both want standard output");
      }
      const prepared = prepareRun(object, filter, flags, io);
      try {
        done(await withLoadedRun(prepared, flags, (loaded) => execute(prepared, flags, io, loaded)));
      } catch (error) {
        // All that the verifier said, for who wants to know.
        if (error instanceof VerifierError && flags.verbose === true) io.stderr.write(error.log);
        throw error;
      }
    });
}

/** Opens the files, runs the capture, and shows what came of it. */
async function execute(prepared: PreparedRun, flags: RunFlags, io: Io, loaded: LoadedRun): Promise<ExitCode> {
  const input = await openInput(flags.read, io);
  try {
    await using reader = await openReader(input, flags.wrapRaw === true);
    const writer = await openWriter(prepared, flags, io);
    try {
      return await runAndShow(prepared, flags, io, loaded, { input, reader, writer });
    } finally {
      // Nothing, where it was committed.
      await writer?.discard();
    }
  } finally {
    await input.close();
  }
}

async function openWriter(
  prepared: PreparedRun,
  flags: RunFlags,
  io: Io,
): Promise<VerdictWriter | undefined> {
  if (flags.write === undefined) return undefined;
  return new VerdictWriter(await openOutput(flags.write, io), prepared.hook, {
    program: prepared.program.name,
    kernel: kernelTitle(flags.on),
    version: packageVersion(),
    filter: prepared.filterText,
  });
}

interface OpenFiles {
  readonly input: CaptureInput;
  readonly reader: CaptureReader;
  readonly writer: VerdictWriter | undefined;
}

async function runAndShow(
  prepared: PreparedRun,
  flags: RunFlags,
  io: Io,
  loaded: LoadedRun,
  { input, reader, writer }: OpenFiles,
): Promise<ExitCode> {
  // A capture on standard output leaves standard error for words.
  const output = flags.write === "-" ? io.stderr : io.stdout;
  const printer = new Printer(output, new Palette(wantsColour(output, io.env)));
  let isInterrupted = false;
  const release = io.onInterrupt(() => {
    isInterrupted = true;
    input.stop();
  });
  try {
    const { hook } = prepared;
    const result = await runCapture({
      ...loaded,
      input,
      reader,
      filter: prepared.filter,
      limit: flags.count ?? Number.POSITIVE_INFINITY,
      hook,
      writer,
      listing: listingOf(printer, prepared, flags),
      progress: new Progress(io.stderr, input.size),
      isInterrupted: () => isInterrupted,
    });
    // A file that is not whole takes no other's place.
    if (result.failure === undefined) result.failure = await failureOf(writer?.commit());
    const isWritten = writer !== undefined && result.failure === undefined;
    const report: RunReport = {
      kernel: kernelTitle(flags.on),
      object: prepared.object,
      program: prepared.program,
      hook,
      capture: input.name,
      filter: prepared.filterText,
      result,
      maps: loaded.snapshot.compare(),
      events: loaded.events.counts,
      trace: loaded.trace,
      copies: loaded.copies.count,
      isInterrupted,
      output: isWritten ? { name: writer.name, packets: writer.packets } : undefined,
    };
    show(printer, report, flags);
    await printer.drain();
    if (result.failure !== undefined) throw result.failure;
    return isInterrupted ? ExitCode.Interrupted : ExitCode.Ok;
  } finally {
    release();
  }
}

/** What a promise is rejected with; undefined where it is not. */
async function failureOf(work: Promise<void> | undefined): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    return error;
  }
}

function listingOf(printer: Printer, { hook }: PreparedRun, flags: RunFlags): Listing | undefined {
  const isVerbose = flags.verbose === true || flags.hex === true;
  if (flags.json === true) return isVerbose ? new JsonListing(printer, hook, flags.hex === true) : undefined;
  if (!isVerbose && flags.trace !== true) return undefined;
  return new TextListing(printer, hook, {
    packets: isVerbose,
    hex: flags.hex === true,
    trace: flags.trace === true,
  });
}

function show(printer: Printer, report: RunReport, flags: RunFlags): void {
  const isVerbose = flags.verbose === true || flags.hex === true;
  if (flags.json === true) {
    const summary = summaryJson(report, flags.mapLimit);
    printer.line(isVerbose ? JSON.stringify({ type: "summary", ...summary }) : jsonDocument(summary));
    return;
  }
  const wasListed = isVerbose || (flags.trace === true && report.trace.count > 0);
  if (wasListed && report.result.run > 0) printer.line();
  printSummary(printer, report, {
    mapLimit: flags.mapLimit,
    isQuiet: flags.quiet === true,
    wasTraced: isVerbose || flags.trace === true,
  });
}
