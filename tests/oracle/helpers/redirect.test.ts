import { test } from "vitest";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { type Case, useAgreement } from "./agree.js";
import { call, inBatches, packets } from "./programs.js";
import { samples } from "./samples.js";

const FLAGS = [0, 1, 2, 3, 4, 7, 8, 16, 24, 1n << 31n, 1n << 32n, 1n << 63n];
const trial = { packets: packets(samples.udp4, samples.tcp6) };

describeWith(["bpf"], "helpers that send a packet elsewhere, and what they return", () => {
  const agree = useAgreement();

  /** What the calls return, and what program comes of the last one: its verdict is not acted upon here. */
  function cases(calls: readonly string[], options: Parameters<typeof inBatches>[1]): Case[] {
    return inBatches(calls, options).map((object, at): Case => [`program ${at}`, object, trial]);
  }

  test.each([
    ["XDP", ProgramType.Xdp],
    ["TC", ProgramType.SchedCls],
    ["a TC action", ProgramType.SchedAct],
  ])("bpf_redirect of %s", async (_name, type) => {
    const devices = [0, 1, 999, -1, 1n << 32n];
    await agree(
      cases(
        devices.flatMap((ifindex) => FLAGS.map((flags) => call("redirect", ifindex, flags))),
        { type },
      ),
    );
  });

  test("bpf_redirect_peer and bpf_redirect_neigh", async () => {
    const calls = [0, 1, 999, -1].flatMap((ifindex) =>
      FLAGS.flatMap((flags) => [
        call("redirect_peer", ifindex, flags),
        ...[0, 1, 19, 20, 21, 32].map((length) =>
          call("redirect_neigh", ifindex, length === 0 ? 0 : "r10 - 32", length, flags),
        ),
      ]),
    );
    const clear = [8, 16, 24, 32].map((at) => `*(u64 *)(r10 - ${at}) = 0`).join("\n");
    await agree(
      inBatches(calls, { type: ProgramType.SchedCls }, clear).map((object, at): Case => {
        return [`program ${at}`, object, trial];
      }),
    );
  });

  test("keys and flags of bpf_redirect_map beyond 32 bits", async () => {
    const maps = [
      { name: "devices", type: MapType.Devmap, valueSize: 4, maxEntries: 4 },
      { name: "cpus", type: MapType.Cpumap, valueSize: 4, maxEntries: 1 },
    ];
    const calls = ["devices", "cpus"].flatMap((map) =>
      [0, 1, -1, 1n << 32n, (1n << 32n) + 1n].flatMap((key) =>
        FLAGS.map((flags) => call("redirect_map", `${map} ll`, key, flags)),
      ),
    );
    const value = Uint8Array.of(1, 0, 0, 0);
    const key = new Uint8Array(4);
    const contents = [
      { map: "devices", key, value },
      { map: "cpus", key, value: Uint8Array.of(64, 0, 0, 0) },
    ];
    await agree(
      inBatches(calls, { maps }).map((object, at): Case => [`program ${at}`, object, { ...trial, contents }]),
    );
  });
});
