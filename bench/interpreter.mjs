/**
 * What the reference interpreter costs: ns per instruction and per packet, over programs and packets in
 * memory: `node bench/interpreter.mjs [--packets N] [--rounds N]`, after a build. CPU time, medians of the
 * rounds; figures are of this virtual machine on this computer, not of a network.
 */
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parseObject } from "../dist/object/index.js";
import { buildPacket, ethernet, ipv4, udp } from "../dist/packet/index.js";
import { assembledObject } from "../dist/testing/index.js";
import { openUserKernel } from "../dist/user/index.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const example = (name) => parseObject(readFileSync(`${root}examples/${name}/${name}.bpf.o`));
const assembled = (code) => assembledObject({ programs: [{ name: "program", code }] });

/** Each kind of instruction, so often that little else is left of the time. */
const LOOPS = {
  "64-bit ALU": "r1 += r2\nr1 ^= r3\nr3 -= r1\nr2 <<= 3",
  "32-bit ALU": "w1 += w2\nw1 ^= w3\nw3 -= w1\nw2 <<= 3",
  "loads and stores":
    "*(u64 *)(r10 - 8) = r1\nr1 = *(u32 *)(r10 - 8)\n*(u16 *)(r10 - 6) = r1\nr2 = *(u8 *)(r10 - 6)",
  "jumps not taken": "if r1 == 77 goto out\nif w2 s> 77 goto out\nif r3 > 77 goto out\nif r1 & 128 goto out",
  "64-bit multiplication": "r1 *= r2\nr2 *= r3\nr3 *= r1\nr1 *= 7",
};
const loop = (body) => `
  r1 = 1
  r2 = 2
  r3 = 3
  r0 = 0
  again: ${`${body}\n`.repeat(8)}
  r0 += 1
  if r0 < 100 goto again
  out: r0 = 2
  exit`;

const jobs = [
  ["counter", example("counter")],
  ["firewall", example("firewall")],
  ...Object.entries(LOOPS).map(([name, body]) => [name, assembled(loop(body))]),
];

const { values } = parseArgs({
  options: { packets: { type: "string", default: "200000" }, rounds: { type: "string", default: "5" } },
});
const frames = Array.from({ length: 256 }, (_, i) =>
  buildPacket(
    ethernet({ minimumLength: 64 }),
    ipv4({ source: `10.0.${i}.1`, destination: "192.0.2.1" }),
    udp({ sourcePort: 1024 + i, destinationPort: 53 }),
    "benchmark",
  ),
);

/** Runs a program on so many packets; nanoseconds and instructions for each. */
function measure(program, count) {
  let instructions = 0;
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) program.execute(frames[i & 255]);
  const { user, system } = process.cpuUsage(before);
  const nanoseconds = ((user + system) * 1000) / count;
  for (const frame of frames) instructions += program.run(frame).instructions;
  return { nanoseconds, instructions: instructions / frames.length };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
console.log(`${cpus()[0].model}, Node ${process.versions.node}, medians of ${values.rounds}`);
console.log("program                 ns/packet   instructions   ns/instruction");
for (const [name, spec] of jobs) {
  const kernel = openUserKernel();
  const object = await kernel.load(spec);
  // The XDP program comes first in each.
  const [program] = object.programs.values();
  // Long programs run on fewer packets.
  const { instructions } = measure(program, 1000);
  const count = Math.ceil(Math.min(Number(values.packets), (Number(values.packets) * 100) / instructions));
  const rounds = Array.from({ length: Number(values.rounds) }, () => measure(program, count).nanoseconds);
  const ns = median(rounds);
  console.log(
    `${name.padEnd(22)} ${ns.toFixed(0).padStart(10)} ${instructions.toFixed(0).padStart(14)} ${(ns / instructions).toFixed(2).padStart(16)}`,
  );
  await kernel.close();
}
