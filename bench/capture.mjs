/**
 * Packets per second and peak memory of `wirebee run` over captures of several lengths:
 * `node bench/capture.mjs [--packets N] [--rounds N]`, after a build. Each run is a process of its own;
 * times are of the whole process, start-up included, by the clock and of all its threads' CPU time;
 * medians are printed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { buildPacket, ethernet, ipv4, PcapWriter, packetRecord, udp } from "../dist/packet/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
/** Runs the command line and says what memory the process took at most (KiB) and its CPU time (us). */
const WRAPPER = `
import { main } from ${JSON.stringify(`${root}dist/cli/main.js`)};
process.exitCode = await main(process.argv.slice(1));
process.on("exit", () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  console.error("peak " + maxRSS + " cpu " + (userCPUTime + systemCPUTime));
});`;
const FLOWS = 4096;
const PACKET_LENGTH = 64;

/** A capture of 64-byte UDP packets of 4,096 sources, a microsecond apart. */
async function makeCapture(path, packets) {
  const chunks = [];
  const writer = new PcapWriter((chunk) => void chunks.push(chunk));
  const flows = Array.from({ length: FLOWS }, (_, i) =>
    buildPacket(
      ethernet({ minimumLength: PACKET_LENGTH }),
      ipv4({ source: `10.${i >> 8}.${i & 255}.1`, destination: "192.0.2.1" }),
      udp({ sourcePort: 1024 + i, destinationPort: 53 }),
      "benchmark",
    ),
  );
  for (let i = 0; i < packets; i++) {
    writer.write(
      packetRecord(flows[(i * 2654435761) % FLOWS], {
        seconds: Math.floor(i / 1e6),
        nanoseconds: (i % 1e6) * 1000,
      }),
    );
  }
  await writer.flush();
  writeFileSync(path, Buffer.concat(chunks));
}

function run(args) {
  const before = performance.now();
  const { status, stderr } = spawnSync("node", ["--input-type=module", "-e", WRAPPER, "--", ...args], {
    cwd: root,
    encoding: "utf8",
  });
  const seconds = (performance.now() - before) / 1000;
  if (status !== 0) throw new Error(stderr);
  const [, peak, cpu] = /peak (\d+) cpu (\d+)/.exec(stderr);
  return { seconds, cpuSeconds: Number(cpu) / 1e6, peakMegabytes: Number(peak) / 1024 };
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const { values } = parseArgs({
  options: { packets: { type: "string", default: "1000000" }, rounds: { type: "string", default: "5" } },
});
const most = Number(values.packets);
const rounds = Number(values.rounds);
const jobs = [
  ["counter", ["examples/counter/counter.bpf.o"]],
  ["firewall", ["examples/firewall/firewall.bpf.o", "--maps", "examples/firewall/maps.json"]],
];

const folder = mkdtempSync(join(tmpdir(), "wirebee-bench-"));
try {
  console.log(`${cpus()[0].model}, Node ${process.versions.node}, medians of ${rounds}`);
  console.log("program    output    packets     seconds  CPU seconds   packets/s   peak MB");
  for (const packets of [most / 100, most / 10, most]) {
    const path = join(folder, `${packets}.pcap`);
    await makeCapture(path, packets);
    for (const [name, program] of jobs) {
      for (const output of [undefined, join(folder, "out.pcapng")]) {
        const args = ["run", ...program, "-r", path, ...(output === undefined ? [] : ["-w", output])];
        const results = Array.from({ length: rounds }, () => run(args));
        const seconds = median(results.map((each) => each.seconds));
        const cpuSeconds = median(results.map((each) => each.cpuSeconds));
        const peak = median(results.map((each) => each.peakMegabytes));
        const columns = [
          name.padEnd(10),
          (output === undefined ? "-" : "pcapng").padEnd(7),
          String(packets).padStart(9),
          seconds.toFixed(2).padStart(11),
          cpuSeconds.toFixed(2).padStart(12),
          Math.round(packets / seconds)
            .toString()
            .padStart(11),
          peak.toFixed(0).padStart(9),
        ];
        console.log(columns.join(" "));
      }
    }
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
