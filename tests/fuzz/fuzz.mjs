/**
 * Feeds damaged objects, BTF and captures to the parsers of dist/, in a process of its own so that its
 * memory can be told: `node tests/fuzz/fuzz.mjs [--seed N] [--count N] [--format NAME]`. Prints one
 * line of JSON; exits with 1 where anything but a typed error came out, and says with which mutant.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { disassemble } from "../../dist/asm/index.js";
import { Btf } from "../../dist/btf/index.js";
import { parseElf } from "../../dist/elf/index.js";
import { WirebeeError } from "../../dist/index.js";
import { parseObject } from "../../dist/object/index.js";
import { openCapture, PcapngWriter } from "../../dist/packet/index.js";
import { openUserKernel } from "../../dist/user/index.js";
import { mutate, Random } from "./mutate.mjs";

/** Bytes that a fuzzed object's maps and packets may take of the user-space kernel. */
const ARENA = 32 * 1024 * 1024;
const examples = new URL("../../examples/", import.meta.url);

function exampleFiles(suffix) {
  return readdirSync(examples, { recursive: true })
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => new Uint8Array(readFileSync(new URL(name, examples))));
}

function btfSections(objects) {
  return objects.map((object) =>
    parseElf(object)
      .sections.find(({ name }) => name === ".BTF")
      .data.slice(),
  );
}

/** A capture as pcapng of either byte order, with every annotation. */
async function asPcapng(pcap, littleEndian) {
  const chunks = [];
  const writer = new PcapngWriter((chunk) => void chunks.push(chunk), {
    hardware: "none",
    os: "none",
    application: "fuzz",
    comments: ["made for mutation"],
    littleEndian,
  });
  const into = [
    writer.addInterface({ name: "a", filter: "udp" }),
    writer.addInterface({ name: "b", speed: 10n }),
  ];
  let count = 0;
  for await (const packet of await openCapture(pcap)) {
    const verdicts = [{ type: "xdp", value: count % 5 }];
    writer.write(packet, into[count % 2], {
      packetId: count++,
      queue: 1,
      direction: "inbound",
      comment: "a packet",
      verdicts,
    });
  }
  writer.writeStatistics(0, { time: 1n, received: 2n });
  await writer.flush();
  return new Uint8Array(Buffer.concat(chunks));
}

async function readObject(bytes) {
  const spec = parseObject(bytes);
  for (const program of spec.programs) disassemble(program.code);
  for (const name of spec.globals.names) spec.globals.get(name);
  const kernel = openUserKernel({ memory: ARENA });
  try {
    await kernel.load(spec);
  } finally {
    await kernel.close();
  }
}

async function readBtf(bytes) {
  const btf = Btf.parse(bytes);
  for (const id of btf.ids()) {
    btf.type(id);
    btf.name(id);
    // Some types have no size: that is said by a typed error.
    attempt(() => btf.sizeOf(id));
    attempt(() => btf.alignOf(id));
  }
}

function attempt(action) {
  try {
    action();
  } catch (error) {
    if (!(error instanceof WirebeeError)) throw error;
  }
}

async function readPackets(bytes) {
  const reader = await openCapture(bytes, { anyLinkType: true });
  do {
    while (reader.next()) void reader.packet.bytes;
  } while (await reader.fill());
}

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 2 ** 31) },
    count: { type: "string", default: "12000" },
    format: { type: "string" },
  },
});
const seed = Number(values.seed);
const objects = exampleFiles(".bpf.o");
const pcaps = exampleFiles(".pcap");
const formats = {
  elf: { seeds: objects, read: readObject },
  btf: { seeds: btfSections(objects), read: readBtf },
  pcap: { seeds: pcaps.map((file) => file.subarray(0, 8192)), read: readPackets },
  pcapng: {
    seeds: (await Promise.all(pcaps.flatMap((file) => [asPcapng(file, true), asPcapng(file, false)]))).map(
      (file) => file.subarray(0, 8192),
    ),
    read: readPackets,
  },
};
const chosen = Object.entries(formats).filter(
  ([name]) => values.format === undefined || name === values.format,
);
const each = Math.ceil(Number(values.count) / chosen.length);
const result = { seed, mutants: 0, refused: 0, accepted: 0, peakMegabytes: 0 };

for (const [format, { seeds, read }] of chosen) {
  for (let index = 0; index < each; index++) {
    // A mutant is told by seed, format and index alone.
    const random = new Random(seed + index * 7919);
    const mutant = mutate(random.of(seeds), random);
    result.mutants++;
    try {
      await read(mutant);
      result.accepted++;
    } catch (error) {
      if (!(error instanceof WirebeeError)) {
        const path = join(tmpdir(), `wirebee-mutant-${format}-${seed}-${index}`);
        writeFileSync(path, mutant);
        console.error(`seed ${seed}, ${format} mutant ${index} (kept as ${path}): ${error.stack}`);
        process.exit(1);
      }
      result.refused++;
    }
  }
}
result.peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
console.log(JSON.stringify(result));
