import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe } from "vitest";
import { fillMaps, type MapContents, readMapContents } from "../src/cli/map-contents.js";
import { keyInput } from "../src/cli/map-key.js";
import type { Kernel, LoadedObject } from "../src/kernel.js";
import { openLinuxKernel } from "../src/linux/index.js";
import { isolateThread } from "../src/maps/kernel-map.oracle.js";
import { possibleCpus } from "../src/maps/test-host.oracle.js";
import { type ObjectSpec, parseObject } from "../src/object/index.js";
import { readCapture } from "../src/packet/index.js";
import type { MapContent } from "../src/testing/index.js";
import { ManualClock, openUserKernel } from "../src/user/index.js";
import { describeWith } from "../tests/needs.js";

export type ExampleName = "counter" | "firewall" | "load-balancer";
/** Largest arena that an example needs, in bytes. */
const MEMORY = 1 << 28;

export function examplePath(name: ExampleName, file: string): string {
  return fileURLToPath(new URL(`${name}/${file}`, import.meta.url));
}

/** The object that is shipped, anew at each call: its data may be edited. */
export function readObject(name: ExampleName): ObjectSpec {
  return parseObject(readFileSync(examplePath(name, `${name}.bpf.o`)));
}

export function readPackets(name: ExampleName): Uint8Array[] {
  const capture = readCapture(readFileSync(examplePath(name, `${name}.pcap`)));
  const packets: Uint8Array[] = [];
  while (capture.next()) packets.push(capture.packet.bytes.slice());
  return packets;
}

/** Puts the example's maps.json, or other contents, into the maps of a loaded object. */
export function fill(object: LoadedObject, name: ExampleName, contents?: MapContents): void {
  const path = examplePath(name, "maps.json");
  fillMaps(object, contents ?? readMapContents(path), path);
}

/** maps.json as bytes, for a trial. */
export async function trialContents(name: ExampleName): Promise<MapContent[]> {
  await using kernel = openUserKernel({ memory: MEMORY });
  using object = await kernel.load(readObject(name));
  return Object.entries(readMapContents(examplePath(name, "maps.json"))).flatMap(([map, elements]) => {
    const typed = object.map(map);
    return elements.map(({ key, value }) => ({
      map,
      key: typed.encodeKey(keyInput(typed, key ?? "")),
      value: typed.encodeValue(value),
    }));
  });
}

/** The same tests on both kernels; the clock is the user-space kernel's, which Linux does not follow. */
export function onEachKernel(title: string, body: (kernel: () => Kernel, clock?: ManualClock) => void): void {
  const clock = new ManualClock();
  const openUser = () => openUserKernel({ cpus: possibleCpus(), clock, memory: MEMORY });
  describe(`${title}, user-space kernel`, () => body(opened(openUser), clock));
  describeWith(["bpf"], `${title}, Linux`, () => body(opened(openLinuxKernel)));
}

/** One kernel for the tests of a block. */
function opened(open: () => Kernel): () => Kernel {
  let kernel: Kernel | undefined;
  beforeAll(() => {
    // Packets come in by a loopback device, which is not to be that of the machine.
    if (process.getuid?.() === 0) isolateThread();
    kernel = open();
  });
  afterAll(() => kernel?.close());
  return () => {
    if (kernel === undefined) throw new Error("the kernel is opened before the first test");
    return kernel;
  };
}
