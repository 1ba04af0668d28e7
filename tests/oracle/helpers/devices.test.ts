import { afterAll, beforeAll, test } from "vitest";
import type { Kernel } from "../../../src/kernel.js";
import { openLinuxKernel } from "../../../src/linux/index.js";
import { isolateThread } from "../../../src/maps/kernel-map.oracle.js";
import type { Routing } from "../../../src/net/index.js";
import type { TrialPacket } from "../../../src/testing/index.js";
import { ProgramType } from "../../../src/uapi/index.js";
import { openUserKernel, type UserKernel } from "../../../src/user/index.js";
import { describeWith } from "../../needs.js";
import { agreeOn, type Case } from "./agree.js";
import { ip, readRouting, sysctl } from "./namespace.js";
import { call, helperObject, inBatches, packets } from "./programs.js";
import { samples } from "./samples.js";

const SETUP = `
link add v0 address 02:00:00:00:01:00 type veth peer name p0
link add v1 address 02:00:00:00:01:01 type veth peer name p1
link set v0 up
link set p0 up
link set v1 mtu 1400
`;

describeWith(["bpf", "netns", "command ip"], "helpers that name a device", () => {
  let kernels: readonly [UserKernel, Kernel];
  let routing: Routing;
  const index = (name: string) => [...routing.devices].find((device) => device.name === name)?.ifindex ?? 0;

  beforeAll(() => {
    isolateThread();
    for (const name of ["all", "default"]) sysctl(`ipv6/conf/${name}/disable_ipv6`, 1);
    ip(SETUP);
    routing = readRouting();
    kernels = [openUserKernel({ routing, memory: 1 << 26 }), openLinuxKernel()];
  });
  afterAll(async () => {
    for (const kernel of kernels) await kernel.close();
  });

  const sized = [14, 60, 1414, 1415, 1514, 1515].map((length) => new Uint8Array(length).fill(1));
  const plain = packets(...sized);
  const gso: TrialPacket[] = sized.map((packet) => ({
    packet,
    options: { skb: { gsoSize: 50, gsoSegs: 3 } },
  }));

  test.each([
    ["XDP", ProgramType.Xdp],
    ["TC", ProgramType.SchedCls],
  ])("check_mtu of %s", async (_name, type) => {
    const calls: string[] = [];
    for (const ifindex of [0, 1, index("v0"), index("v1"), 999, -1]) {
      for (const length of [0, 1, 1400, 1401, 1500, 1501, 0x7fffffff, -1]) {
        for (const difference of [0, 1, -1, 100, -2000, 0x7fffffff, -0x80000000]) {
          for (const flags of difference === 1 || length === 0 ? [0, 1, 2, 1n << 32n] : [0]) {
            calls.push(
              `*(u32 *)(r10 - 8) = ${length}\n${call("check_mtu", "r6", ifindex, "r10 - 8", difference, flags)}`,
              "r0 = *(u32 *)(r10 - 8)",
            );
          }
        }
      }
    }
    const trial = { packets: type === ProgramType.Xdp ? plain : [...plain.slice(1), ...gso.slice(1)] };
    await agreeOn(
      kernels,
      inBatches(calls, { type }).map((object, at): Case => [`check_mtu, program ${at}`, object, trial]),
    );
  });

  test("clone_redirect", async () => {
    const cases: Case[] = [];
    const { udp4, tcp6 } = samples;
    for (const ifindex of [0, 1, index("v0"), index("v1"), 999, -1]) {
      for (const flags of [0, 1, 2, 3, 1n << 16n, 1n << 17n, 1n << 32n]) {
        const body = `
          ${call("clone_redirect", "r6", ifindex, flags)}
          *(u64 *)(r9 + 8) = r0
          ${call("skb_store_bytes", "r6", 20, "r9 + 8", 8, 0)}
          r0 = *(u64 *)(r9 + 8)`;
        const trial = { packets: [...packets(udp4, tcp6), ...gso.slice(1, 2)] };
        cases.push([
          `clone_redirect(${ifindex}, ${flags})`,
          helperObject(body, { type: ProgramType.SchedCls }),
          trial,
        ]);
      }
    }
    await agreeOn(kernels, cases);
  });
});
