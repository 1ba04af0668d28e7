import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { CaptureFormatError } from "../../src/errors.js";
import { dissect, openCapture, summarize, verifyChecksums } from "../../src/packet/index.js";
import { capturesFolder, describeWith } from "../needs.js";

/** Of the 414 captures, those of Ethernet: tcpdump's regression set as it is laid beside the project. */
const FEWEST_ETHERNET = 216;

function captures(): string[] {
  return readdirSync(capturesFolder()).filter((name) => /\.pcap(ng)?$/.test(name));
}

interface Read {
  readonly packets: number;
  readonly bytes: number;
  /** Why reading ended before the end of the file. */
  readonly damage: string | undefined;
}

/** Every packet of a capture, dissected; "link type …" where it is not of Ethernet. */
async function read(path: string): Promise<Read | string> {
  let packets = 0;
  let bytes = 0;
  try {
    for await (const packet of await openCapture(readFileSync(path))) {
      packets++;
      bytes += packet.capturedLength;
      const dissection = dissect(packet.bytes);
      verifyChecksums(packet.bytes, dissection);
      summarize(packet.bytes);
    }
  } catch (error) {
    if (!(error instanceof CaptureFormatError)) throw error;
    return error.message.startsWith("link type ") ? error.message : { packets, bytes, damage: error.message };
  }
  return { packets, bytes, damage: undefined };
}

/** What tcpdump makes of a file: packets, their bytes, and the link type's name. */
function tcpdump(path: string): { packets: number; linkType: string; damage: boolean } {
  const { stdout, stderr } = spawnSync("tcpdump", ["-r", path, "--count"], { encoding: "utf8" });
  return {
    packets: Number(/^(\d+) packets?$/m.exec(stdout)?.[1] ?? Number.NaN),
    linkType: /link-type (\S+)/.exec(stderr)?.[1] ?? "",
    damage: /^tcpdump: (?!reading)/m.test(stderr),
  };
}

describeWith(["captures"], "captures of tcpdump's regression set", () => {
  test("those of Ethernet run to their end, the others are refused by the name of their link type", async () => {
    let ethernet = 0;
    const files = captures();
    for (const name of files) {
      const result = await read(join(capturesFolder(), name));
      if (typeof result === "string") {
        expect(result, name).toMatch(/^link type \d+ \([A-Z0-9_]+\) is not Ethernet/);
      } else {
        ethernet++;
        expect(result.damage, name).toBeUndefined();
      }
    }
    expect(files.length).toBeGreaterThanOrEqual(414);
    expect(ethernet).toBeGreaterThanOrEqual(FEWEST_ETHERNET);
  });
});

describeWith(["captures", "command tcpdump"], "captures, ours and tcpdump's count of packets", () => {
  test("agree", async () => {
    let compared = 0;
    for (const name of captures()) {
      const ours = await read(join(capturesFolder(), name));
      if (typeof ours === "string") continue;
      const theirs = tcpdump(join(capturesFolder(), name));
      if (Number.isNaN(theirs.packets)) continue;
      expect({ name, packets: ours.packets, damage: ours.damage !== undefined }).toEqual({
        name,
        packets: theirs.packets,
        damage: theirs.damage,
      });
      compared++;
    }
    expect(compared).toBeGreaterThan(FEWEST_ETHERNET - 1);
  });
});
