import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { readCapture } from "../../src/packet/index.js";
import { describeWith } from "../needs.js";
import { pcapOf, udpTo } from "./captures.js";
import { CLANG, capture, objectOf, temporaryFolder, withoutFolder } from "./fixtures.js";
import { MemoryIo, wirebee } from "./memory-io.js";

const MAPS = {
  tx_ports: [{ key: 2, value: 9 }],
  networks: [{ key: "10.0.0.0/8", value: 1 }],
  next: [{ key: 1, value: "tail" }],
  queue: [{ value: 77 }],
};

process.env.TZ = "UTC";

describeWith([CLANG], "wirebee run", () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  const prepare = (program: string) => [file(`${program}.bpf.o`), "-r", file("ports.pcap")];
  beforeAll(() => {
    for (const program of ["verdicts", "marks", "filters"]) objectOf(program, folder);
    capture(folder);
  });

  test.each<[golden: string, program: string, args: string[]]>([
    ["verdicts.txt", "verdicts", []],
    ["verdicts-with-maps.txt", "verdicts", ["--maps", "MAPS", "--set", "limit=40", "--set", "greeting=bye"]],
    ["verbose.txt", "verdicts", ["-v", "--map-limit", "2", "-c", "12"]],
    ["hex.txt", "verdicts", ["-x", "udp port 8"]],
    ["quiet.txt", "verdicts", ["-q"]],
    ["trace.txt", "verdicts", ["--trace", "udp", "and", "port", "11"]],
    ["event-type.txt", "verdicts", ["-v", "--event-type", "reports=struct sample", "port 10"]],
    ["two-cpus.txt", "verdicts", ["--cpus", "2", "port 3 or port 53"]],
    ["marks.txt", "marks", ["--ifindex", "7"]],
    ["marks-egress.txt", "marks", ["--egress", "-q"]],
    ["socket-filter.txt", "filters", ["-s", "keep"]],
    ["cgroup.txt", "filters", ["-s", "allow", "-v", "greater 100"]],
    ["summary.golden.json", "verdicts", ["--json", "--maps", "MAPS"]],
    ["lines.jsonl", "verdicts", ["--json", "-v", "-x", "port 4 or port 10 or port 11"]],
  ])("%s", async (golden, program, args) => {
    writeFileSync(file("maps.json"), JSON.stringify(MAPS));
    const words = args.map((word) => (word === "MAPS" ? file("maps.json") : word));
    const select = program === "verdicts" ? ["-s", "verdicts"] : [];
    const { code, stdout, stderr } = await wirebee(["run", ...prepare(program), ...select, ...words]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    await expect(withoutFolder(stdout, folder)).toMatchFileSnapshot(`golden/run/${golden}`);
  });

  test("two runs of one command print the same, another seed does not", async () => {
    const run = async (...more: string[]) =>
      (await wirebee(["run", ...prepare("verdicts"), "port 12", ...more])).stdout;
    expect(await run()).toBe(await run());
    expect(await run("--seed", "2")).not.toBe(await run());
  });

  test("the clock follows the capture, or is the machine's", async () => {
    const run = async (...more: string[]) => {
      const { stdout } = await wirebee(["run", ...prepare("verdicts"), "--json", "port 12", ...more]);
      return JSON.parse(stdout).maps.find((map: { name: string }) => map.name === ".bss").changed[0].value;
    };
    // Port 12 is the first packet that the program sees: an hour after the machine was started.
    expect(await run()).toMatchObject({ last_time: 3_600_000_000_000 });
    expect((await run("--clock", "system")).last_time).not.toBe(3_600_000_000_000);
  });

  test("a capture on standard input, from a chunk of one byte to all at once", async () => {
    const packets = [udpTo(2), udpTo(3), udpTo(9)];
    const bytes = pcapOf(packets);
    const expected = await stdin([bytes]);
    expect(expected).toContain("3 packets");
    expect(await stdin([...bytes].map((byte) => Uint8Array.of(byte)))).toBe(expected);
  });

  async function stdin(chunks: Uint8Array[]): Promise<string> {
    const io = new MemoryIo();
    io.stdin = (async function* () {
      yield* chunks;
    })();
    const [object] = prepare("verdicts");
    return (await wirebee(["run", object, "-r", "-"], io)).stdout;
  }

  test("-w - puts the capture on standard output and the words on standard error", async () => {
    const io = new MemoryIo();
    const { code, stderr } = await wirebee(["run", ...prepare("verdicts"), "-w", "-", "port 3"], io);
    expect(code).toBe(0);
    expect(stderr).toContain("XDP_DROP");
    const reader = readCapture(io.stdout.bytes);
    expect(reader.next()).toBe(true);
    expect(reader.packet.interface.name).toBe("xdp:verdicts:in");
    expect(reader.next()).toBe(false);
  });

  test("packets that the capture cut are run as far as they are there, and said to be", async () => {
    writeFileSync(file("cut.pcap"), pcapOf([udpTo(8, "x".repeat(500))], { cut: 100 }));
    const [object] = prepare("verdicts");
    const args = ["run", object, "-r", file("cut.pcap"), "-w", file("cut.pcapng")];
    const { code, stdout } = await wirebee(args);
    expect(code).toBe(0);
    expect(stdout).toContain("1 packet cut short by the capture");
  });

  test("programs and names are resolved where the object has several", async () => {
    const [object, ...rest] = prepare("filters");
    const { code, stderr } = await wirebee(["run", object, ...rest]);
    expect(code).toBe(2);
    expect(stderr).toContain("choose one with -s: keep (SOCKET_FILTER), allow (CGROUP_SKB)");
    // A program that is called as the object is needs no -s.
    const verdicts = await wirebee(["run", ...prepare("verdicts"), "-q"]);
    expect(verdicts.stdout).toMatch(/^verdicts \(XDP\)/);
  });
});
