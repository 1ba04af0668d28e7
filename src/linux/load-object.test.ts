import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { compile } from "../compile/index.js";
import { KernelError, NotSupportedError, SyntaxProblem, VerifierError } from "../errors.js";
import { parseObject } from "../object/index.js";
import { fixture } from "./fixtures/fixture.oracle.js";
import { expectGone, expectNothingOpen } from "./fixtures/left-behind.oracle.js";
import { type LinuxKernel, type LinuxObject, listMaps, openLinuxKernel } from "./index.js";
import { kernelVersion } from "./kernel-version.js";
import { isLittleEndian } from "./sys/libc.js";

const clang = "command clang|clang-19|clang-18|clang-17|clang-16|clang-15|clang-14";
const packet = Uint8Array.from({ length: 60 }, (_, i) => i);

const word = (bytes: unknown) => new DataView((bytes as Uint8Array).buffer).getUint32(0, isLittleEndian);

const idsOf = (object: LinuxObject) => ({
  maps: [...object.maps.keys()].map((name) => object.linuxMap(name).id),
  programs: [...object.programs.values()].map(({ id }) => id),
});

/** Loads a fixture's programs, hands the object over, closes it, and sees it gone. */
async function withLoaded(
  name: string,
  programs: readonly string[],
  use: (object: LinuxObject, kernel: LinuxKernel) => void | Promise<void>,
): Promise<void> {
  await using kernel = openLinuxKernel();
  const object = await kernel.load(fixture(name), { programs });
  const { maps, programs: programIds } = idsOf(object);
  try {
    await use(object, kernel);
  } finally {
    object.close();
  }
  await expectGone("program", programIds);
  await expectGone("map", maps);
}

describeWith(["bpf", clang, "command bpftool"], "objects in Linux", () => {
  expectNothingOpen();

  test("the example of the README counts packets by EtherType", async () => {
    const source = fileURLToPath(new URL("../../examples/counter/counter.bpf.c", import.meta.url));
    await using kernel = openLinuxKernel();
    const object = await kernel.load(parseObject(compile(source).object, { name: "counter" }));
    const frame = new Uint8Array(100);
    frame.set([0x86, 0xdd], 12);
    const { action, packet: out } = object.program("count").run(frame);
    object.program("count").run(frame.subarray(0, 64));
    expect(action).toBe("XDP_PASS");
    expect(out).toEqual(frame);
    expect([...object.map("traffic")]).toEqual([[0x86dd, { packets: 2n, bytes: 164n }]]);
    const ids = idsOf(object);
    // Closing the kernel closes what it has loaded.
    await kernel.close();
    await expectGone("program", ids.programs);
    await expectGone("map", ids.maps);
  });

  test("globals are read and written before and after loading; .rodata is frozen", async () => {
    const spec = fixture("globals");
    spec.globals.set("limits", { packets: 2, port: 10 });
    spec.globals.set("balance", -100);
    await using kernel = openLinuxKernel();
    using object = await kernel.load(spec);
    const program = object.program("count");
    const verdicts = Array.from({ length: 4 }, () => program.run(packet).action);
    expect(verdicts).toEqual(["XDP_PASS", "XDP_PASS", "XDP_DROP", "XDP_DROP"]);
    expect(object.globals.get("seen")).toBe(4n);
    expect(object.globals.get("balance")).toBe(-60);
    object.globals.set("seen", 0n);
    expect(program.run(packet).action).toBe("XDP_PASS");
    expect(object.globals.get("limits")).toEqual({ packets: 2, port: 10 });
    expect(() => object.globals.set("limits", { packets: 9, port: 9 })).toThrow(KernelError);
    expect(() => object.globals.set("limits", { packets: 9, port: 9 })).toThrow(/EPERM/);
  });

  test("a global is set without those beside it, which programs change meanwhile", () =>
    withLoaded("globals", ["count"], async (object) => {
      const folder = mkdtempSync(join(tmpdir(), "wirebee-globals-"));
      const file = join(folder, "packet");
      writeFileSync(file, packet);
      try {
        const runs = 300_000;
        const id = String(object.program("count").id);
        const args = ["prog", "run", "id", id, "data_in", file, "repeat", String(runs)];
        const running = promisify(execFile)("bpftool", args);
        let isOver = false;
        const over = running.finally(() => {
          isOver = true;
        });
        while (!isOver) {
          for (let i = 0; i < 200; i++) object.globals.set("scratch", i);
          await setImmediate();
        }
        await over;
        expect(object.globals.get("seen")).toBe(BigInt(runs));
      } finally {
        rmSync(folder, { recursive: true });
      }
    }));

  test("the kernel's configuration is what it says of itself", () =>
    withLoaded("globals", ["count"], (object) => {
      object.program("count").run(packet);
      expect(object.globals.get("version")).toBe(kernelVersion().code);
      // CONFIG_BPF_SYSCALL=y, the one that is nowhere, and the variable in a section of its own.
      expect(object.globals.get("options")).toBe(0b101);
    }));

  test("maps have the names, and BTF the types, that bpftool shows", () =>
    withLoaded("globals", ["count"], (object) => {
      expect(object.btfRefusal).toBeUndefined();
      const infos = listMaps().filter(({ id }) => idsOf(object).maps.includes(id));
      expect(infos.map(({ name }) => name).sort()).toEqual([
        ".rodata.own",
        "globals.bss",
        "globals.data",
        "globals.kconfig",
        "globals.rodata",
      ]);
      expect(infos.every(({ btfId, valueTypeId }) => btfId > 0 && valueTypeId > 0)).toBe(true);
      expect(object.program("count").info).toMatchObject({ name: "count", type: 6 });
      expect(object.program("count").info.btfId).toBeGreaterThan(0);
    }));

  test("maps of maps and program arrays have their initial entries", () =>
    withLoaded("maps", ["counted", "dropped", "dispatch"], (object) => {
      const run = (first: number) => object.program("dispatch").run(Uint8Array.of(first, ...packet)).action;
      expect([run(0), run(1), run(1), run(2), run(3)]).toEqual([
        "XDP_PASS",
        "XDP_TX",
        "XDP_TX",
        "XDP_PASS",
        "XDP_DROP",
      ]);
      expect([...object.map("first")]).toEqual([[0, 2]]);
      expect([...object.map("second")]).toEqual([[0, 0]]);
      expect(object.map("queue").raw.lookupAndDeleteElem(new Uint8Array(0))).toEqual(
        Uint8Array.of(1, 0, 0, 0),
      );
      // What user space reads of a map of maps is the inner one's id.
      const [first, second] = ["first", "second"].map((name) => object.linuxMap(name).id);
      const inner = [...object.map("outer")].map(([key, value]) => [key, word(value)]);
      expect(Object.fromEntries(inner)).toEqual({ 2: first, 5: second });
    }));

  test("what a program can tail-call from the start is loaded with it, others leave their entries empty", async () => {
    await withLoaded("maps", ["dispatch"], (object) => {
      expect([...object.programs.keys()].sort()).toEqual(["counted", "dispatch", "dropped"]);
    });
    await withLoaded("maps", ["counted"], (object) => {
      expect([...object.programs.keys()]).toEqual(["counted"]);
      expect(() => object.program("dropped")).toThrow(SyntaxProblem);
    });
  });

  test("functions and symbols of the kernel are found; weak ones may be missing", () =>
    withLoaded("kernel", ["kernel"], (object) => {
      const { action } = object.program("kernel").run(packet);
      expect(action).toBe("XDP_PASS");
      expect(object.globals.get("found")).toBe(0b100);
      expect(object.globals.get("text")).toBeGreaterThan(0xffff_0000_0000_0000n);
      // The dynptr's size and the static function's answer, queue 0 and 1, and the packet's first byte.
      expect(object.globals.get("length")).toBe(2 * packet.length + 1 + packet[0]);
    }));

  test("CO-RE finds members where this kernel has them, and functions by their types", () =>
    withLoaded("core", ["reordered"], (object) => {
      object.program("reordered").run(packet);
      expect(object.globals.get("found")).toBe(0b001);
      expect(object.globals.get("length")).toBe(BigInt(packet.length));
    }));

  test.each([
    ["without_asking", /CO-RE relocation that nothing in this kernel answers/],
    ["calls_without_asking", /weak kernel function that this kernel lacks/],
  ])("%s: what this kernel lacks is named", async (program, message) => {
    await using kernel = openLinuxKernel();
    await expect(kernel.load(fixture("core"), { programs: [program] })).rejects.toThrow(message);
    await expect(kernel.load(fixture("core"), { programs: [program] })).rejects.toThrow(VerifierError);
  });

  test("types of programs that no packet is for are loaded too", () =>
    withLoaded("tracing", ["exception", "freed", "received", "probed", "each_map", "called"], (object) => {
      expect([...object.programs.values()].map(({ info }) => info.type)).toEqual([26, 17, 5, 2, 26, 31]);
      expect(() => object.program("freed").run(packet)).toThrow(NotSupportedError);
      expect(() => object.program("freed").run(packet)).toThrow(/type RAW_TRACEPOINT for no packet/);
    }));

  test("a refused program brings the kernel's log, and nothing stays behind", async () => {
    await using kernel = openLinuxKernel();
    const error = await kernel.load(fixture("refused"), { programs: ["fine", "unchecked"] }).then(
      () => undefined,
      (refusal: unknown) => refusal,
    );
    expect(error).toBeInstanceOf(VerifierError);
    const { program, log, slot, message } = error as VerifierError;
    expect(program).toBe("unchecked");
    expect(log).toMatch(/return data\[1\]; @ refused\.bpf\.c:/);
    expect(log).toMatch(/processed \d+ insns/);
    expect(slot).toBe(1);
    expect(message).toMatch(/invalid access to packet, off=1 size=1/);
    expect((error as VerifierError).cause).toMatchObject({ code: "EACCES", call: "BPF_PROG_LOAD" });
  });

  test("what cannot be is refused by name", async () => {
    await using kernel = openLinuxKernel();
    const load = (programs: string[]) => kernel.load(fixture("refused"), { programs });
    await expect(load(["entered"])).rejects.toThrow(/this kernel has no function_that_no_kernel_has/);
    await expect(load(["replacement"])).rejects.toThrow(NotSupportedError);
    await expect(load(["replacement"])).rejects.toThrow(/program replacement: programs that replace/);
    await expect(load(["nothing"])).rejects.toThrow(/there is no program "nothing": the object has/);
  });

  test("a strong symbol that the kernel does not have is refused", async () => {
    await using kernel = openLinuxKernel();
    const spec = fixture("kernel");
    for (const program of spec.programs) {
      for (const reference of program.references) {
        if ("isWeak" in reference) Object.assign(reference, { isWeak: false });
      }
    }
    await expect(kernel.load(spec, { programs: ["kernel"] })).rejects.toThrow(
      /that_no_kernel_has, which is not there/,
    );
  });

  test("the verifier's log is kept where it is asked for", async () => {
    await using kernel = openLinuxKernel();
    using object = await kernel.load(fixture("globals"), { logLevel: 2 });
    expect(object.program("count").log).toMatch(/^0: \(|: \([0-9a-f]{2}\) /m);
    expect(object.program("count").log).toMatch(/processed \d+ insns/);
    using quiet = await kernel.load(fixture("globals"));
    expect(quiet.program("count").log).toBe("");
  });

  test("what is closed is used no more, and closing again does nothing", async () => {
    await using kernel = openLinuxKernel();
    const object = await kernel.load(fixture("globals"));
    object.close();
    object.close();
    expect(() => object.program("count").run(packet)).toThrow(/EBADF.*program count is closed/);
    expect(() => object.globals.get("seen")).toThrow(/EBADF.*is closed/);
  });
});
