import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { type CapturedPacket, readCapture } from "../../src/packet/index.js";
import { describeWith } from "../needs.js";
import { pcapOf, udpTo, writePcap } from "./captures.js";
import { CLANG, capture, everyPort, objectOf, temporaryFolder } from "./fixtures.js";
import { MemoryIo, wirebee } from "./memory-io.js";

const BIN = fileURLToPath(new URL("../../bin/wirebee.js", import.meta.url));

function packetsOf(path: string): CapturedPacket[] {
  const reader = readCapture(readFileSync(path));
  const packets: CapturedPacket[] = [];
  while (reader.next()) packets.push(reader.packet.copy());
  return packets;
}

describeWith([CLANG], "the -w file", () => {
  const folder = temporaryFolder();
  const file = (name: string) => join(folder, name);
  let object = "";
  let ports = "";
  beforeAll(() => {
    object = objectOf("verdicts", folder);
    ports = capture(folder);
  });

  test("every packet as it came, and those that go on as they left, with the same id", async () => {
    const { code } = await wirebee(["run", object, "-r", ports, "-w", file("out.pcapng"), "--queue", "3"]);
    expect(code).toBe(0);
    const packets = packetsOf(file("out.pcapng"));
    const incoming = packets.filter((packet) => packet.interface.name === "xdp:verdicts:in");
    const outgoing = packets.filter((packet) => packet.interface.name === "xdp:verdicts:out");
    expect(incoming.map((packet) => [...packet.bytes])).toEqual(everyPort().map((packet) => [...packet]));
    const original = readCapture(readFileSync(ports));
    for (const packet of incoming) {
      original.next();
      expect(packet.time).toBe(original.packet.time);
      expect(packet.options()).toMatchObject({
        packetId: BigInt(original.packet.number),
        direction: "inbound",
        queue: 3,
      });
    }
    const left = outgoing.map((packet) => [
      packet.options().packetId,
      packet.length,
      packet.options().direction,
    ]);
    expect(left).toEqual([
      [4n, 47, "outbound"],
      [5n, 47, "outbound"],
      [8n, 67, "inbound"],
      [9n, 47, "inbound"],
      [10n, 47, "inbound"],
      [11n, 47, "inbound"],
      [12n, 47, "inbound"],
      [13n, 47, "inbound"],
      [14n, 47, "inbound"],
      [15n, 47, "inbound"],
      [17n, 54, "inbound"],
      [19n, 47, "outbound"],
      [20n, 242, "inbound"],
    ]);
    expect(outgoing[0].options().verdicts).toEqual([{ type: "xdp", value: 3n }]);
    expect(outgoing[0].options().comments).toEqual(["XDP_TX, changed"]);
    expect([...outgoing[0].bytes.subarray(6, 12)]).toEqual([6, 0, 0, 0, 0, 1]);
  });

  test("an error leaves the old file as it was, and nothing beside it", async () => {
    writeFileSync(file("old.pcapng"), "precious");
    writeFileSync(file("cut.pcap"), readFileSync(ports).subarray(0, 500));
    const before = readdirSync(folder);
    const args = ["run", object, "-r", file("cut.pcap"), "-w", file("old.pcapng")];
    expect((await wirebee(args)).code).toBe(1);
    expect(readFileSync(file("old.pcapng"), "utf8")).toBe("precious");
    expect(readdirSync(folder)).toEqual(before);
  });

  test("a link is followed and a file's mode kept", async () => {
    mkdirSync(file("elsewhere"));
    writeFileSync(file("elsewhere/real.pcapng"), "old", { mode: 0o640 });
    symlinkSync("elsewhere/real.pcapng", file("link.pcapng"));
    const args = ["run", object, "-r", ports, "-w", file("link.pcapng"), "-q"];
    expect((await wirebee(args)).code).toBe(0);
    expect(packetsOf(file("elsewhere/real.pcapng"))).toHaveLength(34);
    expect(statSync(file("elsewhere/real.pcapng")).mode & 0o777).toBe(0o640);
  });

  test("a device is written to, not replaced", async () => {
    const args = ["run", object, "-r", ports, "-w", "/dev/null", "-q"];
    expect((await wirebee(args)).code).toBe(0);
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("a capture may be replaced by its own verdicts", async () => {
    const own = writePcap(file("own.pcap"), [udpTo(3), udpTo(9)]);
    expect((await wirebee(["run", object, "-r", own, "-w", own])).code).toBe(0);
    expect(packetsOf(own)).toHaveLength(3);
  });

  test("packets that are spread over CPUs carry their queues", async () => {
    const args = ["run", object, "-r", ports, "-w", file("queues.pcapng"), "--cpus", "4", "-q"];
    expect((await wirebee(args)).code).toBe(0);
    const queues = packetsOf(file("queues.pcapng")).map((packet) => packet.options().queue);
    expect(new Set(queues).size).toBeGreaterThan(1);
    expect(queues.every((queue) => queue !== undefined && queue < 4)).toBe(true);
  });

  test("an interrupt ends the run, with what there is of it", async () => {
    const io = new MemoryIo();
    const packets = [udpTo(9), udpTo(2), udpTo(9)];
    const bytes = pcapOf(packets);
    io.stdin = (async function* () {
      yield bytes.subarray(0, 150);
      io.interrupt?.();
      yield bytes.subarray(150);
    })();
    const { code, stdout } = await wirebee(["run", object, "-r", "-", "-w", file("partial.pcapng")], io);
    expect(code).toBe(130);
    expect(stdout).toMatch(/^standard input: \d packets?, interrupted$/m);
    expect(packetsOf(file("partial.pcapng")).length).toBeGreaterThan(0);
    expect(io.interrupt).toBeUndefined();
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s to the real program leaves a valid file", async (signal) => {
    const out = file(`${signal}.pcapng`);
    writeFileSync(out, "old");
    const child = spawn("node", [BIN, "run", object, "-r", "-", "-w", out, "-v"], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.write(pcapOf([udpTo(9), udpTo(2)]));
    let text = "";
    for await (const chunk of child.stdout) {
      text += chunk;
      // Both packets were shown, and the program waits for more.
      if (text.includes("     2 ") && !child.killed) {
        expect(readFileSync(out, "utf8")).toBe("old");
        // Its input stays open: it must not wait for that.
        child.kill(signal);
      }
    }
    const code = child.exitCode ?? (await new Promise((resolve) => child.once("close", resolve)));
    expect(code).toBe(130);
    expect(text).toContain("2 packets, interrupted");
    expect(packetsOf(out)).toHaveLength(3);
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("-c ends the run though its input goes on", async () => {
    const child = spawn("node", [BIN, "run", object, "-r", "-", "-c", "1", "-q"]);
    child.stdin.write(pcapOf([udpTo(9), udpTo(2)]));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect(code).toBe(0);
  });

  test("standard output that fills up is an error", () => {
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", `node "${BIN}" run "${object}" -r "${ports}" > /dev/full`],
      {
        encoding: "utf8",
      },
    );
    expect([status, stderr]).toEqual([
      1,
      "wirebee: cannot write standard output: no space left on the device\n",
    ]);
  });

  test("| head is no error", () => {
    const many = writePcap(
      file("many.pcap"),
      Array.from({ length: 20_000 }, () => udpTo(9)),
    );
    const command = `node "${BIN}" run "${object}" -r "${many}" -v | head -n 1; echo "\${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync("bash", ["-c", command], { encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^ {5}1 .*\n0\n$/);
    expect(existsSync(many)).toBe(true);
  });

  describeWith(["command tshark"], "Wireshark", () => {
    test.each([
      ["verdicts", "ebpf_xdp"],
      ["marks", "ebpf_tc"],
    ])("finds the verdicts of %s", async (program, field) => {
      const out = file(`${program}.pcapng`);
      const args = ["run", objectOf(program, folder), "-r", ports, "-w", out, "--json"];
      const { stdout } = await wirebee(args);
      const groups: { retval?: number; packets: number }[] = JSON.parse(stdout).groups;
      const expected = new Map<string, number>();
      for (const { retval, packets } of groups) {
        const key = retval === undefined ? "" : String(retval);
        expected.set(key, (expected.get(key) ?? 0) + packets);
      }
      const fields = ["frame.interface_name", `frame.verdict.${field}`, "frame.packet_id", "frame.comment"];
      const tshark = spawnSync(
        "tshark",
        ["-r", out, "-T", "fields", ...fields.flatMap((each) => ["-e", each])],
        {
          encoding: "utf8",
        },
      );
      expect(tshark.status).toBe(0);
      const rows = tshark.stdout
        .trimEnd()
        .split("\n")
        .map((line) => line.split("\t"));
      const found = new Map<string, number>();
      for (const [name, verdict] of rows) {
        if (name.endsWith(":in")) found.set(verdict, (found.get(verdict) ?? 0) + 1);
      }
      expect(found).toEqual(expected);
      expect(new Set(rows.map(([, , id]) => id)).size).toBe(everyPort().length);
    });
  });
});
