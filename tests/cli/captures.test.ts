import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { capturesFolder, describeWith } from "../needs.js";
import { wirebee } from "./memory-io.js";

const COUNTER = fileURLToPath(new URL("../../examples/counter/counter.bpf.o", import.meta.url));
/** Of tcpdump's regression set, those of Ethernet. */
const ETHERNET = 216;

describeWith(["captures"], "every capture of tcpdump's regression set", () => {
  test("is run to its end, or refused by the name of its link type", async () => {
    const refused: string[] = [];
    const damaged: string[] = [];
    const files = readdirSync(capturesFolder()).filter((name) => /\.pcap(ng)?$/.test(name));
    for (const name of files) {
      const { code, stdout, stderr } = await wirebee([
        "run",
        COUNTER,
        "-r",
        join(capturesFolder(), name),
        "--json",
      ]);
      expect(stderr, name).not.toContain("internal error");
      if (stdout === "") {
        expect([name, code]).toEqual([name, 1]);
        expect(stderr, name).toMatch(/^wirebee: \S+: link type \d+ \([A-Z0-9_]+\) is not Ethernet: .*\n$/);
        refused.push(name);
        continue;
      }
      const { packets, groups, error } = JSON.parse(stdout);
      const counted = groups.reduce((sum: number, group: { packets: number }) => sum + group.packets, 0);
      expect([name, counted, packets.run]).toEqual([name, packets.read, packets.read]);
      // Damage is told after what came before it.
      expect([name, code, stderr]).toEqual([
        name,
        error === null ? 0 : 1,
        error === null ? "" : `wirebee: ${error}\n`,
      ]);
      if (error !== null) damaged.push(name);
    }
    expect(files.length - refused.length).toBeGreaterThanOrEqual(ETHERNET);
    expect(refused.length).toBeGreaterThan(0);
    console.log(`${files.length} captures: ${refused.length} refused, ${damaged.length} damaged`);
  });
});
