import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { SyntaxProblem } from "../errors.js";
import { MapType } from "../uapi/index.js";
import { createMap } from "./create-map.js";
import { fixture } from "./fixtures/fixture.oracle.js";
import { expectNothingOpen } from "./fixtures/left-behind.oracle.js";
import { LinuxMap, listMaps, openLinuxKernel, openMap } from "./index.js";

const clang = "command clang|clang-19|clang-18|clang-17|clang-16|clang-15|clang-14";
/** A name that no other test has. */
const name = `found_${process.pid.toString(36)}`;
const unnamed = { name, type: MapType.Hash, keySize: 4, valueSize: 8, maxEntries: 2, flags: 0 } as const;

describeWith(["bpf", clang], "maps that are found in Linux", () => {
  expectNothingOpen();

  test("by id, with the types that their object gave them", async () => {
    await using kernel = openLinuxKernel();
    using object = await kernel.load(fixture("globals"));
    using map = openMap({ id: object.linuxMap(".rodata").id });
    expect(map.name).toBe("globals.rodata");
    expect(map.spec).toMatchObject({ type: MapType.Array, keySize: 4, maxEntries: 1 });
    const [[key, value]] = [...map];
    expect(key).toEqual(new Uint8Array(4));
    expect(value).toEqual({ limits: { packets: 3, port: 53 } });
  });

  test("keys and values go both ways", async () => {
    await using kernel = openLinuxKernel();
    using object = await kernel.load(fixture("maps"));
    using map = openMap({ id: object.linuxMap("first").id });
    map.set(0, 41);
    expect(object.map("first").get(0)).toBe(41);
    using perCpu = openMap({ id: object.linuxMap("per_cpu").id });
    const values = Array.from({ length: perCpu.raw.userValueSize / 8 }, (_, cpu) => BigInt(cpu) + 1n);
    perCpu.set(7, values);
    expect(object.map("per_cpu").get(7)).toEqual(values);
    expect(perCpu.delete(7)).toBe(true);
    expect(perCpu.delete(7)).toBe(false);
  });

  test("by name, where it is the only one of that name; bytes without BTF", () => {
    using first = new LinuxMap(createMap(unnamed));
    first.updateElem(Uint8Array.of(1, 0, 0, 0), new Uint8Array(8).fill(2));
    using found = openMap({ name });
    expect(found.raw.id).toBe(first.id);
    expect([...found]).toEqual([[Uint8Array.of(1, 0, 0, 0), new Uint8Array(8).fill(2)]]);
    using second = new LinuxMap(createMap(unnamed));
    expect(() => openMap({ name })).toThrow(SyntaxProblem);
    expect(() => openMap({ name })).toThrow(`(${first.id}, ${second.id})`);
  });

  test.each([
    [{ id: 0x7fffffff }, "there is no map with id 2147483647"],
    [{ path: "/sys/fs/bpf/wirebee/nothing" }, "nothing is pinned at /sys/fs/bpf/wirebee/nothing"],
    [{ name: "wirebee_nothing" }, 'there is no map called "wirebee_nothing"'],
  ])("%j is nowhere", (reference, message) => {
    expect(() => openMap(reference)).toThrow(SyntaxProblem);
    expect(() => openMap(reference)).toThrow(message);
  });

  test("every map is listed, by rising id", () => {
    using map = new LinuxMap(createMap(unnamed));
    const ids = listMaps().map(({ id }) => id);
    expect(ids).toContain(map.id);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });
});
