import { test } from "vitest";
import type { TrialPacket } from "../../../src/testing/index.js";
import { ProgramType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { type Case, useAgreement } from "./agree.js";
import { call, helperObject, packets } from "./programs.js";
import { samples } from "./samples.js";

const type = ProgramType.SchedCls;
const NET = 0;
const MAC = 1;
const Flag = {
  fixedGso: 1n << 0n,
  encapIpv4: 1n << 1n,
  encapIpv6: 1n << 2n,
  gre: 1n << 3n,
  udp: 1n << 4n,
  noCsumReset: 1n << 5n,
  encapEthernet: 1n << 6n,
  decapIpv4: 1n << 7n,
  decapIpv6: 1n << 8n,
};
const innerMac = (length: bigint) => length << 56n;

const FLAGS: readonly bigint[] = [
  0n,
  ...Object.values(Flag),
  1n << 9n,
  1n << 31n,
  1n << 32n,
  1n << 55n,
  innerMac(14n),
  Flag.encapIpv4 | Flag.encapIpv6,
  Flag.encapIpv4 | Flag.gre,
  Flag.encapIpv4 | Flag.udp,
  Flag.encapIpv6 | Flag.gre,
  Flag.encapIpv4 | Flag.gre | Flag.udp,
  Flag.gre | Flag.udp,
  Flag.encapIpv4 | innerMac(14n),
  Flag.encapIpv4 | innerMac(255n),
  Flag.encapIpv4 | Flag.udp | Flag.encapEthernet | innerMac(14n),
  Flag.encapIpv6 | Flag.udp | Flag.encapEthernet | innerMac(13n),
  Flag.encapIpv6 | Flag.udp | Flag.encapEthernet | innerMac(18n),
  Flag.decapIpv4 | Flag.decapIpv6,
  Flag.decapIpv4 | Flag.encapIpv4,
  Flag.decapIpv6 | Flag.noCsumReset | Flag.fixedGso,
];
const DIFFERENCES = [
  0, 1, 4, 20, 28, 40, 56, 0xfff, 0x1000, -1, -4, -20, -40, -60, -0xfff, -0x1000, -0x80000000,
];

const { udp4, tcp4, udp6, tcp6, vlan4, qinq6, bare, arp, large } = samples;
const all: TrialPacket[] = packets(udp4, tcp4, udp6, tcp6, vlan4, qinq6, bare, arp, large);
/** A GSO packet of no known kind, as a run may be given. */
const gso: TrialPacket[] = [udp4, tcp6].map((packet) => ({
  packet,
  options: { skb: { gsoSize: 20, gsoSegs: 3 } },
}));

function* cases(modes: readonly number[]): Generator<Case> {
  for (const mode of modes) {
    for (const difference of DIFFERENCES) {
      for (const flags of FLAGS) {
        const body = call("skb_adjust_room", "r6", difference, mode, flags);
        const title = `skb_adjust_room(${difference}, ${mode}, 0x${flags.toString(16)})`;
        yield [title, helperObject(body, { type }), { packets: [...all, ...gso] }];
      }
    }
  }
}

describeWith(["bpf"], "skb_adjust_room", () => {
  const agree = useAgreement();

  test("behind the IP header", async () => {
    await agree(cases([NET]));
  });

  test("behind the Ethernet header", async () => {
    await agree(cases([MAC]));
  });

  test("modes that there are not", async () => {
    const body = (mode: number) => call("skb_adjust_room", "r6", 4, mode, 0);
    await agree(
      [2, 3, -1].map((mode) => [`mode ${mode}`, helperObject(body(mode), { type }), { packets: all }]),
    );
  });
});
