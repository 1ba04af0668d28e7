import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { LinkType } from "../../src/packet/index.js";
import { describeWith } from "../needs.js";
import { pcapOf, udpTo } from "./captures.js";
import { CLANG, capture, objectOf, temporaryFolder } from "./fixtures.js";
import { MemoryIo, wirebee } from "./memory-io.js";

type Row = readonly [what: string, args: string, code: number, says: RegExp];

/** Runs a row: FOLDER/ stands for the folder of the test's files. Errors are lines of ours, never a stack. */
async function check(folder: string, [, args, code, says]: Row): Promise<void> {
  const words = args === "" ? [] : args.split(" ").map((word) => word.replace("FOLDER", folder));
  const outcome = await wirebee(words);
  expect(outcome.stderr).toMatch(says);
  expect(outcome.code).toBe(code);
  expect(outcome.stderr).not.toMatch(/internal error|\n\s+at /);
  if (code !== 0) expect(outcome.stdout).toBe("");
}

describe("the command line alone", () => {
  test.each<Row>([
    ["no verb", "", 2, /^Usage: wirebee VERB/],
    ["an unknown verb", "walk", 2, /^wirebee: unknown command 'walk'/],
    ["an unknown option", "run x.o -r y --nothing", 2, /^wirebee: unknown option '--nothing'/],
    ["no object", "run", 2, /^wirebee: missing required argument|required option/],
    ["no capture", "run x.o", 2, /^wirebee: required option '-r, --read <file>' not specified/],
    ["a count that is no number", "run x.o -r y -c many", 2, /option '-c, --count <n>'.*not an integer/],
    ["a count of none", "run x.o -r y -c 0", 2, /It must be 1 to/],
    ["an unknown kernel", "run x.o -r y --on mars", 2, /Allowed choices are user, linux/],
    [
      "a filter that is none",
      "run x.o -r y udp portt 4",
      2,
      /^wirebee: filter: .*portt.*\n {2}udp portt 4\n {6}\^/,
    ],
    ["a word of a map verb", "map fold", 2, /^wirebee: unknown command 'fold'/],
    ["a map of the user-space kernel", "map get id 1 2", 2, /say --on linux/],
    ["a map without a name", "map get --on linux id", 2, /id N \| name NAME \| pinned PATH/],
    ["a map by an unknown kind", "map get --on linux colour red 1", 2, /"colour": a map is named by id N/],
    ["a map by no id", "map get --on linux id zero 1", 2, /"zero" is no id/],
    [
      "Linux's things that are not to be chosen",
      "run x.o -r y --on linux --cpus 2",
      2,
      /--cpus is for the user-space/,
    ],
    ["the trace of Linux", "run x.o -r y --on linux --trace", 2, /trace_pipe/],
  ])("%s", async (...row) => check("", row));

  test("help and version are no errors", async () => {
    for (const args of [["--help"], ["run", "--help"], ["map", "dump", "--help"], ["-V"]]) {
      const { code, stdout, stderr } = await wirebee(args);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).not.toBe("");
    }
  });
});

describe("files that are not what they should be", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "folder"));
  writeFileSync(join(folder, "empty"), "");
  writeFileSync(
    join(folder, "text.o"),
    "this is no object, however long it may be: it is text and nothing else.",
  );
  writeFileSync(join(folder, "text.json"), "{ not json");

  test.each<Row>([
    ["no object", "run FOLDER/none.o -r y", 1, /cannot read .*none\.o: no such file or directory/],
    ["a folder for an object", "run FOLDER/folder -r y", 1, /cannot read .*folder: is a directory/],
    ["an empty object", "run FOLDER/empty -r y", 1, /empty: .*/],
    ["text for an object", "run FOLDER/text.o -r y", 1, /text\.o: .*ELF/],
    ["no source", "run FOLDER/none.c -r y", 1, /cannot read .*none\.c: no such file or directory/],
    ["a device that never ends", "disasm /dev/zero", 1, /cannot read \/dev\/zero: it is larger than 64 MiB/],
    ["text to disassemble", "disasm FOLDER/text.o", 1, /text\.o: .*ELF/],
    ["text for maps", "map dump FOLDER/text.o", 1, /text\.o: .*ELF/],
  ])("%s", async (...row) => check(folder, row));
});

describeWith([CLANG], "objects, captures and outputs", () => {
  const folder = temporaryFolder();
  beforeAll(() => {
    objectOf("verdicts", folder);
    capture(folder);
    mkdirSync(join(folder, "folder"), { recursive: true });
    const file = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
    file("bad.bpf.c", "int x = ;\n");
    file("empty.pcap", "");
    file("text.pcap", "this is no capture");
    file("wifi.pcap", pcapOf([udpTo(1)], { linkType: LinkType.Ieee80211 }));
    file("raw.pcap", pcapOf([udpTo(1).subarray(14)], { linkType: LinkType.Raw }));
    file("cut.pcap", readFileSync(join(folder, "ports.pcap")).subarray(0, 500));
    file("not-json", "{ not json");
    file("shape.json", '{"ports": [{"key": 1}]}');
    file("unknown.json", '{"colours": [{"key": 1, "value": 2}]}');
    file("type.json", '{"ports": [{"key": 1, "value": "many"}]}');
    file("large.json", '{"ports": [{"key": 1, "value": 18446744073709551615}]}');
    file("prefix.json", '{"networks": [{"key": "10.0.0.0/33", "value": 1}]}');
    file("name.json", '{"next": [{"key": 1, "value": "nobody"}]}');
    file("full.json", JSON.stringify({ ports: Array.from({ length: 17 }, (_, key) => ({ key, value: 1 })) }));
  });
  const run = "run FOLDER/verdicts.bpf.o -r FOLDER/ports.pcap";

  test.each<Row>([
    [
      "a program that is not there",
      `${run} -s nobody`,
      2,
      /there is no program "nobody" in .*: it has verdicts \(XDP\), tail/,
    ],
    [
      "a source that does not compile",
      "run FOLDER/bad.bpf.c -r y",
      1,
      /does not compile:\n.*bad\.bpf\.c:1:9: error/,
    ],
    ["a clang that is none", "run FOLDER/bad.bpf.c -r y --clang /bin/true", 3, /\/bin\/true is no clang/],
    [
      "no capture",
      "run FOLDER/verdicts.bpf.o -r FOLDER/none.pcap",
      1,
      /cannot read .*none\.pcap: no such file/,
    ],
    [
      "a folder for a capture",
      "run FOLDER/verdicts.bpf.o -r FOLDER/folder",
      1,
      /cannot read .*folder: is a directory/,
    ],
    [
      "an empty capture",
      "run FOLDER/verdicts.bpf.o -r FOLDER/empty.pcap",
      1,
      /empty\.pcap: the file is empty/,
    ],
    [
      "text for a capture",
      "run FOLDER/verdicts.bpf.o -r FOLDER/text.pcap",
      1,
      /text\.pcap: .*neither pcap nor pcapng/,
    ],
    ["an object for a capture", "run FOLDER/verdicts.bpf.o -r FOLDER/verdicts.bpf.o", 1, /an ELF object/],
    [
      "a capture of Wi-Fi",
      "run FOLDER/verdicts.bpf.o -r FOLDER/wifi.pcap",
      1,
      /wifi\.pcap: link type 105 \(IEEE802_11\) is not Ethernet/,
    ],
    [
      "raw IP, unasked",
      "run FOLDER/verdicts.bpf.o -r FOLDER/raw.pcap",
      1,
      /link type 101 \(RAW\) is not Ethernet/,
    ],
    ["a folder for the output", `${run} -w FOLDER/folder`, 1, /cannot write .*folder: is a directory/],
    [
      "an output in no folder",
      `${run} -w FOLDER/none/out.pcapng`,
      1,
      /cannot write .*out\.pcapng: no such file/,
    ],
    ["an output below a file", `${run} -w FOLDER/ports.pcap/out`, 1, /cannot write .*not a directory/],
    ["two things on standard output", `${run} --json -w -`, 2, /both want standard output/],
    [
      "a variable that is not there",
      `${run} --set colour=1`,
      2,
      /--set colour=1: there is no global variable "colour"/,
    ],
    [
      "a variable's value that does not fit",
      `${run} --set limit=5000000000`,
      2,
      /--set limit=5000000000: .*does not fit/,
    ],
    ["half an assignment", `${run} --set limit`, 2, /NAME=VALUE is wanted/],
    ["no maps file", `${run} --maps FOLDER/none.json`, 1, /cannot read .*none\.json/],
    ["a maps file that is no JSON", `${run} --maps FOLDER/not-json`, 2, /not-json is not JSON/],
    [
      "a maps file of another shape",
      `${run} --maps FOLDER/shape.json`,
      2,
      /shape\.json at ports\[0\]\.value/,
    ],
    [
      "a map that is not there",
      `${run} --maps FOLDER/unknown.json`,
      2,
      /there is no map "colours": the object has .*samples/,
    ],
    [
      "a value of another type",
      `${run} --maps FOLDER/type.json`,
      2,
      /type\.json at ports\[0\]: value: many is not an integer/,
    ],
    [
      "a number that JSON has rounded",
      `${run} --maps FOLDER/large.json`,
      2,
      /large\.json at ports\[0\]\.value: .*as a string/,
    ],
    [
      "a prefix too long",
      `${run} --maps FOLDER/prefix.json`,
      2,
      /prefix\.json at networks\[0\]: .*prefix length of 0 to 32/,
    ],
    [
      "a program that nobody has",
      `${run} --maps FOLDER/name.json`,
      2,
      /name\.json at next\[0\]: there is no "nobody"/,
    ],
    ["more than a map holds", `${run} --maps FOLDER/full.json`, 1, /map ports is full \(max_entries 16\)/],
    ["a direction that XDP has not", `${run} --egress`, 2, /--egress: verdicts is no TC program/],
    ["an event type of no map", `${run} --event-type colours=sample`, 2, /there is no map "colours"/],
    ["an event type that is not there", `${run} --event-type samples=nothing`, 2, /no type "nothing"/],
    [
      "a map to dump that is not there",
      "map dump FOLDER/verdicts.bpf.o colours",
      2,
      /there is no map "colours" in/,
    ],
    [
      "a program to disassemble that is not there",
      "disasm FOLDER/verdicts.bpf.o -s nobody",
      2,
      /there is no program "nobody"/,
    ],
  ])("%s", async (...row) => check(folder, row));

  test("an output that fills up: the summary, then the error", async () => {
    const args = ["run", join(folder, "verdicts.bpf.o"), "-r", join(folder, "ports.pcap"), "-w", "/dev/full"];
    const { code, stdout, stderr } = await wirebee(args);
    expect(code).toBe(1);
    expect(stdout).toContain("21 packets");
    expect(stdout).not.toContain("written");
    expect(stderr).toBe("wirebee: cannot write /dev/full: no space left on the device\n");
  });

  test("raw IP is run when it is asked to be wrapped", async () => {
    const args = ["run", join(folder, "verdicts.bpf.o"), "-r", join(folder, "raw.pcap"), "--wrap-raw"];
    expect((await wirebee(args)).stdout).toContain("XDP_ABORTED");
  });

  test("a damaged capture: what came before the damage is shown, then the error", async () => {
    const { code, stdout, stderr } = await wirebee([
      "run",
      join(folder, "verdicts.bpf.o"),
      "-r",
      join(folder, "cut.pcap"),
    ]);
    expect(code).toBe(1);
    expect(stdout).toContain("7 packets");
    expect(stderr).toMatch(/^wirebee: .*cut\.pcap: .*\n$/);
  });

  test("an object cut anywhere gives a typed error", async () => {
    const whole = readFileSync(join(folder, "verdicts.bpf.o"));
    const path = join(folder, "cut.o");
    for (let length = 0; length < whole.length; length += 97) {
      writeFileSync(path, whole.subarray(0, length));
      const { code, stderr } = await wirebee(["run", path, "-r", join(folder, "ports.pcap")]);
      expect([code, stderr.startsWith("wirebee: ")], `${length} bytes: ${stderr}`).toEqual([1, true]);
      expect(stderr).not.toContain("internal error");
    }
  });
});

test("what nobody expected is said to be a bug of ours, with the stack on demand", async () => {
  const broken = () => {
    const io = new MemoryIo();
    Object.defineProperty(io, "onInterrupt", { value: undefined });
    Object.defineProperty(io.stdout, "columns", {
      get() {
        throw new TypeError("a fault");
      },
    });
    return io;
  };
  const quiet = broken();
  expect(await wirebee(["doctor"], quiet)).toMatchObject({ code: 1 });
  expect(quiet.stderr.text).toMatch(/^wirebee: internal error: TypeError: a fault\n.*report it/s);
  const loud = broken();
  loud.env = { WIREBEE_DEBUG: "1" };
  await wirebee(["doctor"], loud);
  expect(loud.stderr.text).toMatch(/\n\s+at /);
});
