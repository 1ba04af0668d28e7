import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { plainSpec } from "../object/fixtures/plain-spec.oracle.js";
import { contextType, objectName, parseObject, writeObject } from "../object/index.js";
import { ProgramType } from "../uapi/index.js";
import { openUserKernel } from "./index.js";

/** Where Debian, Fedora and others put the objects of libxdp and xdp-tools. */
const FOLDERS = [
  "/usr/lib/x86_64-linux-gnu/bpf",
  "/usr/lib/aarch64-linux-gnu/bpf",
  "/usr/lib64/bpf",
  "/usr/lib/bpf",
];

/** An Ethernet frame with IPv4 and TCP, to a port that no rule names. */
const frame = Uint8Array.from(
  Buffer.from(
    "0242ac1100020242ac11000108004500003c1c4640004006b1e6c0a80001c0a800c7005030390000000000000000" +
      "5002ffff0000000000000000000000000000000000000000",
    "hex",
  ),
);

const files = FOLDERS.filter(existsSync).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".o"))
    .map((name) => join(folder, name)),
);

describeWith(["command xdp-filter"], "objects of libxdp and xdp-tools", () => {
  test("are there", () => {
    expect(files.length).toBeGreaterThan(5);
  });

  test.each(files)("%s is read, written, loaded and run", async (path) => {
    const read = () => parseObject(readFileSync(path), { name: objectName(path) });
    const spec = read();
    expect(plainSpec(parseObject(writeObject(spec), { name: spec.name }))).toEqual(plainSpec(spec));
    for (const { name, type } of spec.programs) {
      await using kernel = openUserKernel();
      const load = kernel.load(read(), { programs: [name] });
      if (type !== ProgramType.Xdp) {
        await expect(load).rejects.toThrow(/runs no programs of type/);
        continue;
      }
      using object = await load;
      const { action, trap } = object.program(name).run(frame);
      expect({ action, trap }).toEqual({
        action: expect.stringMatching(/^XDP_(PASS|DROP)$/),
        trap: undefined,
      });
    }
  });

  test.each(files)("%s: parameters tell what sections do", (path) => {
    const { programs, btf } = parseObject(readFileSync(path));
    for (const program of programs.filter(({ type }) => type === ProgramType.Xdp)) {
      expect(contextType(btf, program)).toBe(ProgramType.Xdp);
    }
  });
});
