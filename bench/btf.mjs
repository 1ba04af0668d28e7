/**
 * Time and memory of the kernel's types: `node --expose-gc bench/btf.mjs [FILE]`, after a build. FILE is
 * /sys/kernel/btf/vmlinux unless told. Each task is a process of its own, with a fresh copy of the types,
 * so that it pays for everything that it needs; medians of 7 are printed. Memory is what the task leaves
 * behind, on the heap and in arrays, without the file itself.
 */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { Btf, BtfBuilder, BtfKind, dumpRaw, formatType, printHeader, printTypes } from "../dist/btf/index.js";

const ROUNDS = 7;
const HANDFUL = [
  "xdp_md",
  "__sk_buff",
  "sk_buff",
  "net_device",
  "task_struct",
  "iphdr",
  "tcp_sock",
  "bpf_map",
];
const struct = (btf, name) => btf.find(name, BtfKind.Struct);

const tasks = {
  "read the header, find where types are": (btf) => btf.length,
  "one type by name": (btf) => btf.type(struct(btf, "xdp_md")).size,
  [`${HANDFUL.length} types by name, with their members' names`]: (btf) =>
    HANDFUL.map((name) => {
      const type = btf.type(struct(btf, name));
      return type.members.map((member) => `${formatType(btf, member.type)} ${member.name}`);
    }),
  "one type as C, with all that it needs": (btf) => printTypes(btf, [struct(btf, "sk_buff")]),
  "one type copied, with all that it leads to": (btf) => {
    const builder = new BtfBuilder();
    builder.import(btf, struct(btf, "sk_buff"));
    return builder.toBytes();
  },
  "all types as text": (btf) => [...dumpRaw(btf)].length,
  "all types as a header": (btf) => printHeader(btf).length,
};

/** In a process of its own: milliseconds and bytes of one task. */
function measure(name, path) {
  const bytes = readFileSync(path);
  const used = () => {
    globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const start = performance.now();
  const btf = Btf.parse(bytes);
  const result = tasks[name](btf);
  const ms = performance.now() - start;
  const memory = used() - before;
  // Both are kept until here, so that what they hold counts.
  process.stdout.write(JSON.stringify({ ms, memory, kept: [btf, result].length }));
}

function median(values) {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

const [first, second] = process.argv.slice(2);
if (first === "--task") {
  measure(second, process.argv[4]);
} else {
  const path = first ?? "/sys/kernel/btf/vmlinux";
  const size = readFileSync(path).length;
  console.log(`${path}: ${size} bytes, Node ${process.version}, ${cpus()[0]?.model ?? "unknown CPU"}`);
  for (const name of Object.keys(tasks)) {
    const runs = Array.from({ length: ROUNDS }, () => {
      const args = ["--expose-gc", fileURLToPath(import.meta.url), "--task", name, path];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      if (status !== 0) throw new Error(stderr);
      return JSON.parse(stdout);
    });
    const ms = median(runs.map((run) => run.ms)).toFixed(1);
    const megabytes = (median(runs.map((run) => run.memory)) / 1e6).toFixed(1);
    console.log(`${name.padEnd(52)} ${ms.padStart(8)} ms ${megabytes.padStart(7)} MB`);
  }
}
