import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { KernelError, NotSupportedError } from "../errors.js";
import { fixture } from "./fixtures/fixture.oracle.js";
import { expectGone, expectNothingOpen, isHeld } from "./fixtures/left-behind.oracle.js";
import { openLinuxKernel, openMap, unpin } from "./index.js";

const clang = "command clang|clang-19|clang-18|clang-17|clang-16|clang-15|clang-14";
const packet = new Uint8Array(60);
const pinned = (entries = 1) => fixture("pinned", { defines: { ENTRIES: String(entries) } });

function command(...words: string[]): void {
  const { status, stderr } = spawnSync(words[0], words.slice(1), { encoding: "utf8" });
  if (status !== 0) throw new Error(`${words.join(" ")}: ${stderr}`);
}

describeWith(["bpf", clang, "command mount"], "pinned maps of Linux", () => {
  let folder = "";

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "wirebee-bpffs-"));
    command("mount", "-t", "bpf", "bpf", folder);
  });
  afterAll(() => {
    command("umount", folder);
    rmdirSync(folder);
  });
  expectNothingOpen();

  test("a map that is pinned by name outlives its object, and is found by the next", async () => {
    const pinPath = join(folder, "by-name", "deeper");
    await using kernel = openLinuxKernel({ pinPath });
    const first = await kernel.load(pinned());
    first.program("count").run(packet);
    const { id } = first.linuxMap("shared_counter");
    first.close();
    expect(existsSync(join(pinPath, "shared_counter"))).toBe(true);

    using second = await kernel.load(pinned());
    second.program("count").run(packet);
    expect(second.linuxMap("shared_counter").id).toBe(id);
    expect(second.map("shared_counter").get(0)).toBe(2n);
    second.close();

    using found = openMap({ path: join(pinPath, "shared_counter") });
    expect([...found]).toEqual([[0, 2n]]);
    found.close();
    expect(unpin(join(pinPath, "shared_counter"))).toBe(true);
    expect(unpin(join(pinPath, "shared_counter"))).toBe(false);
    await expectGone("map", [id]);
  });

  test("a pinned map of another shape is refused, and left alone", async () => {
    await using kernel = openLinuxKernel({ pinPath: folder });
    using _first = await kernel.load(pinned(1));
    await expect(kernel.load(pinned(3))).rejects.toThrow(/shared_counter has max_entries 1, not 3/);
    using found = openMap({ path: join(folder, "shared_counter") });
    expect(found.raw.info.maxEntries).toBe(1);
    unpin(join(folder, "shared_counter"));
  });

  test("maps and programs are pinned by hand, once", async () => {
    await using kernel = openLinuxKernel();
    using object = await kernel.load(fixture("globals"));
    const paths = ["program", "map"].map((name) => join(folder, name));
    object.program("count").pin(paths[0]);
    object.linuxMap(".bss").pin(paths[1]);
    expect(() => object.linuxMap(".bss").pin(paths[1])).toThrow(/BPF_OBJ_PIN: EEXIST/);
    const ids = [object.program("count").id];
    object.close();
    // What is pinned is still there; without its path it is not.
    expect(ids.map((id) => isHeld("program", id))).toEqual([true]);
    for (const path of paths) unpin(path);
    await expectGone("program", ids);
  });

  test("elsewhere than in a bpffs nothing is pinned, and no folder made", async () => {
    const elsewhere = join(tmpdir(), "wirebee-no-bpffs", "maps");
    await using kernel = openLinuxKernel({ pinPath: elsewhere });
    await expect(kernel.load(pinned())).rejects.toThrow(NotSupportedError);
    await expect(kernel.load(pinned())).rejects.toThrow(/mount -t bpf/);
    using object = await kernel.load(fixture("globals"));
    expect(() => object.program("count").pin(join(elsewhere, "program"))).toThrow(NotSupportedError);
    expect(existsSync(elsewhere)).toBe(false);
    expect(() => unpin(process.execPath)).toThrow(NotSupportedError);
  });

  test("what is pinned and no map is not taken for one", async () => {
    await using kernel = openLinuxKernel();
    using object = await kernel.load(fixture("globals"));
    const path = join(folder, "no_map");
    object.program("count").pin(path);
    expect(() => openMap({ path })).toThrow(KernelError);
    unpin(path);
  });
});
