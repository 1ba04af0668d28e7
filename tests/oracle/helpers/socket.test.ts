import { test } from "vitest";
import { ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { type Case, useAgreement } from "./agree.js";
import { call, inBatches, packets } from "./programs.js";
import { samples } from "./samples.js";

const trial = { packets: packets(samples.udp4, samples.tcp6) };
const TYPES: readonly [name: string, type: ProgramType][] = [
  ["XDP", ProgramType.Xdp],
  ["TC", ProgramType.SchedCls],
];
/** 64 bytes at r10 - 64 that are all zero. */
const clear = Array.from({ length: 8 }, (_, n) => `*(u64 *)(r10 - ${64 - n * 8}) = 0`).join("\n");

describeWith(["bpf"], "look-ups where nothing is found", () => {
  const agree = useAgreement();

  async function agreeOnCalls(calls: readonly string[], options: Parameters<typeof inBatches>[1]) {
    await agree(inBatches(calls, options, clear).map((object, at): Case => [`program ${at}`, object, trial]));
  }

  test.each(TYPES)("sockets: %s", async (_name, type) => {
    const calls = ["sk_lookup_tcp", "sk_lookup_udp", "skc_lookup_tcp"].flatMap((helper) =>
      [1, 11, 12, 13, 35, 36, 40].flatMap((size) =>
        [0, 1, -1, 7, 0x7fffffff, 0x80000000].flatMap((namespace) =>
          (size === 12 && namespace === -1 ? [0, 1, 1n << 32n] : [0]).map(
            (flags) => `
              ${call(helper, "r6", "r10 - 64", size, BigInt(namespace), flags)}
              if r0 == 0 goto +3
              r1 = r0
              call sk_release
              r0 = 1`,
          ),
        ),
      ),
    );
    await agreeOnCalls(calls, { type });
  });

  // Linux's test run gives a packet a socket of its own: its cookie and owner cannot be compared.
  test("what a packet without a route and IPsec has: TC", async () => {
    const calls = [
      call("get_route_realm", "r6"),
      // A number, but not 0: which one is the kernel's choice.
      `${call("get_netns_cookie", 0)}\nif r0 == 0 goto +1\nr0 = 1`,
      ...[1, 4, 24, 28, 40].flatMap((size) =>
        [0, 1, -1].flatMap((index) =>
          [0, 1, 1n << 32n].flatMap((flags) => [
            call("skb_get_xfrm_state", "r6", index, "r10 - 48", size, flags),
            "r0 = *(u64 *)(r10 - 48)\n*(u64 *)(r10 - 48) = 5",
          ]),
        ),
      ),
    ];
    await agreeOnCalls(calls, { type: ProgramType.SchedCls });
  });

  test.each(TYPES)("connections: %s", async (_name, type) => {
    const lookup = `bpf_${type === ProgramType.Xdp ? "xdp" : "skb"}_ct_lookup`;
    const kfuncs = [lookup, "bpf_ct_release"];
    /** struct bpf_ct_opts: the look-up's error is its second word. */
    const options = { namespace: -1, protocol: 6, zone: 0, direction: 0, reserved: 0 };
    const variants = [
      options,
      { ...options, protocol: 17 },
      ...[0, 1, 58, 132, 255].map((protocol) => ({ ...options, protocol })),
      ...[-2, 0, 1, 99, -0x80000000].map((namespace) => ({ ...options, namespace })),
      ...[1, 77].map((zone) => ({ ...options, zone })),
      ...[1, 2, 3, 4].map((direction) => ({ ...options, direction })),
      { ...options, reserved: 1 },
      { ...options, reserved: 1 << 16 },
      { ...options, protocol: 1, namespace: -2 },
      { ...options, zone: 1, namespace: -2, reserved: 1 },
    ];
    const calls = variants.flatMap((each) =>
      [12, 16, 8, 4, 20].flatMap((size) =>
        (each === options ? [12, 36, 0, 11, 13, 35] : [12]).flatMap((tuple) => [
          `
          *(u64 *)(r10 - 40) = 0
          *(u32 *)(r10 - 64) = ${each.namespace}
          *(u32 *)(r10 - 60) = 99
          *(u32 *)(r10 - 56) = ${each.protocol | (each.zone << 16)}
          *(u32 *)(r10 - 52) = ${each.direction | (each.reserved << 8)}
          ${call("kfunc#0", "r6", "r10 - 40", tuple, "r10 - 64", size)}
          if r0 == 0 goto +3
          r1 = r0
          call kfunc#1
          r0 = 1`,
          "r0 = *(u64 *)(r10 - 64)",
          "r0 = *(u64 *)(r10 - 56)",
        ]),
      ),
    );
    await agreeOnCalls(calls, { type, kfuncs });
  });

  test("IPsec states", async () => {
    const kfuncs = ["bpf_xdp_get_xfrm_state", "bpf_xdp_xfrm_state_release"];
    const calls = [-1, 0, 1, -2, 99].flatMap((namespace) =>
      [36, 35, 40, 8, 4].flatMap((size) => [
        `
        *(u32 *)(r10 - 64) = 77
        *(u32 *)(r10 - 60) = ${namespace}
        ${call("kfunc#0", "r6", "r10 - 64", size)}
        if r0 == 0 goto +3
        r1 = r0
        call kfunc#1
        r0 = 1`,
        "r0 = *(u64 *)(r10 - 64)",
      ]),
    );
    await agreeOnCalls(calls, { kfuncs });
  });
});
