import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kernel } from "../../../src/kernel.js";
import { openLinuxKernel } from "../../../src/linux/index.js";
import { isolateThread } from "../../../src/maps/kernel-map.oracle.js";
import { openUserKernel, type UserKernel } from "../../../src/user/index.js";
import { describeWith } from "../../needs.js";
import { differingAnswers, LookupFlag, type Question } from "./fib-question.js";
import { ip, readRouting, sysctl } from "./namespace.js";

/** Devices, addresses, routes and neighbours; v3 does not forward, v4 is down, v5 is small. */
const SETUP = `
${[0, 1, 2, 3, 4, 5].map((n) => `link add v${n} address 02:00:00:00:01:0${n} type veth peer name p${n}`).join("\n")}
link set lo up
${[0, 1, 2, 3, 5].map((n) => `link set v${n} up\nlink set p${n} up`).join("\n")}
link set v1 mtu 1400
link set v2 mtu 9000
link set v5 mtu 1280
addr add 10.0.0.1/24 dev v0
addr add 10.0.0.2/24 dev v0
addr add 10.0.9.1/24 dev v0
addr add 10.0.1.1/24 dev v1
addr add 10.0.50.1/24 dev v5 scope link
addr add 2001:db8:a0::1/64 dev v0 nodad
addr add fd00:a0::1/64 dev v0 nodad
addr add 2001:db8:a1::1/64 dev v1 nodad
addr add 2001:db8:a5::1/64 dev v5 nodad
route add 10.1.0.0/16 via 10.0.0.254
route add 10.2.0.0/16 dev v1 scope link
route add 10.3.0.0/16 via 10.0.1.254 src 10.0.9.1 metric 77
route add blackhole 10.4.0.0/16
route add unreachable 10.5.0.0/16
route add prohibit 10.6.0.0/16
route add throw 10.7.0.0/16
route add 10.8.0.0/16 via inet6 2001:db8:a1::fe dev v1
route add 10.9.0.0/16 via 10.0.0.254 mtu 1200
route add 10.10.0.0/16 via 10.0.0.254 mtu lock 1200
route add 10.11.0.0/16 via 172.16.0.1 dev v1 onlink
route add 10.13.0.0/16 tos 0x10 via 10.0.1.254
route add 10.13.0.0/16 via 10.0.0.254
route add 10.14.0.0/16 via 10.0.0.254 metric 20
route add 10.14.0.0/16 via 10.0.1.254 metric 10
route add 10.14.0.0/24 via 10.0.0.254 metric 900
route add 10.15.0.0/16 dev v2
route add 10.16.0.0/16 dev v5
route add 10.17.0.0/16 via 10.0.0.253
route add default via 10.0.0.252
route add 10.1.0.0/16 via 10.0.1.254 table 100
route add blackhole 10.20.0.0/16 table 100
route add throw 10.21.0.0/16 table 100
route add 10.22.0.0/16 via 10.0.1.254 table 101
route add 10.4.0.0/16 via 10.0.1.254 table 253
route add 10.6.0.0/24 via 10.0.0.254 table 253
route add blackhole 10.5.0.0/24 table 253
neigh add 10.0.0.254 lladdr 02:00:00:00:00:01 dev v0 nud permanent
neigh add 10.0.1.254 lladdr 02:00:00:00:00:02 dev v1 nud stale
neigh add 172.16.0.1 lladdr 02:00:00:00:00:03 dev v1 nud reachable
neigh add 10.0.0.253 lladdr 02:00:00:00:00:04 dev v0 nud failed
neigh add 10.2.0.5 lladdr 02:00:00:00:00:05 dev v1 nud noarp
neigh add 10.0.0.5 lladdr 02:00:00:00:00:06 dev v0 nud permanent
neigh add 10.15.0.5 lladdr 02:00:00:00:00:07 dev v2 nud permanent
neigh add 10.16.0.5 lladdr 02:00:00:00:00:08 dev v5 nud permanent
neigh add 2001:db8:a1::fe lladdr 02:00:00:00:00:09 dev v1 nud permanent
neigh add 2001:db8:a0::fe lladdr 02:00:00:00:00:0a dev v0 nud permanent
neigh add 2001:db8:a0::5 lladdr 02:00:00:00:00:0b dev v0 nud stale
neigh add fe80::fe lladdr 02:00:00:00:00:0c dev v1 nud permanent
route add 2001:db8:1::/48 via 2001:db8:a0::fe
route add 2001:db8:2::/48 dev v1
route add 2001:db8:3::/48 via fe80::fe dev v1 src 2001:db8:a0::1 metric 77
route add blackhole 2001:db8:4::/48
route add unreachable 2001:db8:5::/48
route add prohibit 2001:db8:6::/48
route add throw 2001:db8:7::/48
route add 2001:db8:9::/48 via 2001:db8:a0::fe mtu 1300
route add 2001:db8:10::/48 via 2001:db8:a0::fe mtu lock 1300
route add 2001:db8:14::/48 via 2001:db8:a0::fe metric 20
route add 2001:db8:14::/48 via 2001:db8:a1::fe metric 10
route add 2001:db8:14::/64 via 2001:db8:a0::fe metric 900
route add 2001:db8:15::/48 dev v2
route add 2001:db8:16::/48 dev v5
route add default via 2001:db8:a0::fd
route add 2001:db8:1::/48 via 2001:db8:a1::fe table 100
route add blackhole 2001:db8:20::/48 table 100
`;

const RULES = `
rule add fwmark 1 lookup 100
rule add fwmark 0x10/0xf0 blackhole
rule add fwmark 0x100/0x100 prohibit
rule add fwmark 0x200/0x200 unreachable
rule add from 10.98.0.0/16 lookup 101
rule add to 10.1.7.0/24 ipproto tcp dport 80-90 prohibit
rule add iif v1 sport 999 blackhole
rule add oif v0 ipproto icmp lookup 100
rule add tos 0x10 to 10.2.0.0/16 unreachable
rule add fwmark 0x400 goto 32766
rule add not from 10.0.0.0/8 prohibit
rule add lookup main suppress_prefixlength 0
`;
const RULES6 = `
rule add fwmark 1 lookup 100
rule add fwmark 0x10/0xf0 blackhole
rule add from 2001:db8:98::/48 prohibit
rule add to 2001:db8:1:7::/64 ipproto tcp dport 80 unreachable
rule add iif v1 sport 999 blackhole
`;

const IPV4 = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 20, 21, 22].map((net) => `10.${net}.0.5`),
  "10.14.9.5",
  "10.1.7.5",
  "10.0.0.5",
  "10.0.0.1",
  "10.0.0.255",
  "10.0.9.77",
  "127.0.0.1",
  "224.0.0.5",
  "255.255.255.255",
  "8.8.8.8",
  "0.0.0.0",
];
const IPV6 = [
  ...[1, 2, 3, 4, 5, 6, 7, 9, 10, 14, 15, 16, 20].map((net) => `2001:db8:${net}::5`),
  "2001:db8:14:9::5",
  "2001:db8:1:7::5",
  "2001:db8:a0::5",
  "2001:db8:a0::1",
  "2001:db8:a0::",
  "fe80::5",
  "ff02::1",
  "::1",
  "::",
  "2620::5",
  "fd00:1::5",
];

/** Differences that a failing test lists; their number is told too. */
const SHOWN = 10;

describeWith(["bpf", "netns", "command ip"], "bpf_fib_lookup in a namespace of routes", () => {
  let linux: Kernel;
  let user: UserKernel;
  const indices = new Map<string, number>();
  const index = (name: string) => indices.get(name) ?? 0;

  beforeAll(() => {
    isolateThread();
    // An address that is being checked for duplicates is another thing a moment later.
    for (const name of ["all", "default"]) sysctl(`ipv6/conf/${name}/accept_dad`, 0);
    ip(SETUP);
    for (const family of ["ipv4", "ipv6"]) {
      for (const name of ["v0", "v1", "v2", "v4", "v5"]) sysctl(`${family}/conf/${name}/forwarding`, 1);
    }
    sysctl("ipv6/conf/v2/forwarding", 0);
    sysctl("ipv6/conf/v0/mtu", 1450);
    linux = openLinuxKernel();
    mirror();
  });
  afterAll(async () => {
    await linux.close();
    await user.close();
  });

  /** A user-space kernel with the routes that the namespace has now. */
  function mirror(): void {
    const routing = readRouting();
    for (const { name, ifindex } of routing.devices) indices.set(name, ifindex);
    user = openUserKernel({ routing, memory: 1 << 26 });
  }

  async function agree(questions: readonly Question[]): Promise<void> {
    const differences = await differingAnswers([user, linux], questions);
    expect({ differences: differences.length, first: differences.slice(0, SHOWN) }).toEqual({
      differences: 0,
      first: [],
    });
  }

  /** Every destination with every choice of the rest. */
  const all = (choices: readonly Omit<Question, "destination">[]): Question[] =>
    [...IPV4, ...IPV6].flatMap((destination) => choices.map((choice) => ({ destination, ...choice })));

  const devices = () => ["v0", "v1", "v2", "v3", "v4", "v5", "lo"].map(index);

  test("flags and devices", async () => {
    const flags = [
      0,
      LookupFlag.skipNeigh,
      LookupFlag.src,
      LookupFlag.output,
      LookupFlag.output | LookupFlag.skipNeigh | LookupFlag.src,
      LookupFlag.direct,
    ];
    await agree(all(devices().flatMap((ifindex) => flags.map((each) => ({ ifindex, flags: each })))));
  });

  test("lengths and MTUs", async () => {
    const lengths = [
      1, 1200, 1201, 1280, 1281, 1300, 1301, 1400, 1401, 1450, 1451, 1500, 1501, 9000, 9001, 65535,
    ];
    await agree(all(lengths.map((totalLength) => ({ ifindex: index("v0"), totalLength }))));
    const sizes = [1294, 1298, 1299, 1414, 1418, 1419, 1514, 1518, 1519, 3000];
    await agree(
      all(
        sizes.flatMap((packetSize) => [
          { packetSize, ifindex: index("v0") },
          { packetSize, isGso: true, ifindex: index("v0") },
        ]),
      ),
    );
  });

  test("tables named by the program", async () => {
    const tables = [0, 100, 101, 102, 253, 254, 255];
    await agree(
      all(
        tables.map((table) => ({ ifindex: index("v1"), flags: LookupFlag.direct | LookupFlag.tbid, table })),
      ),
    );
    await agree(all(tables.map((table) => ({ ifindex: index("v1"), flags: LookupFlag.tbid, table }))));
  });

  test("types of service, sources, protocols", async () => {
    const ifindex = index("v0");
    await agree(all([0x10, 0x11, 0x13, 0xf0, 0x1c, 4].map((tos) => ({ ifindex, tos }))));
    await agree(
      ["2001:db8:a0::1", "fe80::9", "ff02::9", "::1", "::"].flatMap((source) =>
        IPV6.map((destination) => ({ destination, source, ifindex })),
      ),
    );
  });

  test("what is refused at once", async () => {
    const ifindex = index("v0");
    await agree(
      all([
        { ifindex: 0 },
        { ifindex: 999 },
        { ifindex, flags: 64 },
        { ifindex, flags: 0x80000000 },
        { ifindex, size: 63 },
        { ifindex, size: 1 },
        { ifindex, family: 0 },
        { ifindex, family: 7 },
      ]),
    );
  });

  test("policy rules", async () => {
    ip(RULES);
    ip(RULES6, "-6");
    mirror();
    const ifindex = index("v0");
    const marks = [0, 1, 0x10, 0x13, 0x20, 0x100, 0x200, 0x400];
    await agree(
      all(marks.flatMap((mark) => [0, LookupFlag.mark].map((flags) => ({ ifindex, mark, flags })))),
    );
    await agree(
      all([
        { ifindex },
        { ifindex: index("v1"), ports: [999, 53] },
        { ifindex, ports: [999, 80], protocol: 6 },
        { ifindex, ports: [999, 90], protocol: 6 },
        { ifindex, ports: [999, 91], protocol: 6 },
        { ifindex, protocol: 1, flags: LookupFlag.output },
        { ifindex, protocol: 1 },
        { ifindex, tos: 0x10 },
        { ifindex, flags: LookupFlag.direct },
        { ifindex, flags: LookupFlag.direct | LookupFlag.tbid, table: 255 },
      ]),
    );
    await agree(
      ["10.98.0.1", "11.0.0.1", "10.0.0.1"].flatMap((source) =>
        IPV4.flatMap((destination) =>
          [0, LookupFlag.src].map((flags) => ({ destination, source, ifindex, flags })),
        ),
      ),
    );
    await agree(IPV6.map((destination) => ({ destination, source: "2001:db8:98::1", ifindex })));
  });
});
