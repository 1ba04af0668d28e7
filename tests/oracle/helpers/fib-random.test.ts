import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Kernel } from "../../../src/kernel.js";
import { openLinuxKernel } from "../../../src/linux/index.js";
import { isolateThread } from "../../../src/maps/kernel-map.oracle.js";
import { ProgramType } from "../../../src/uapi/index.js";
import { openUserKernel } from "../../../src/user/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { ask, differingAnswers, LookupFlag, type Question } from "./fib-question.js";
import { ip, ipWhatCanBe, readRouting, sysctl } from "./namespace.js";

const CONFIGURATIONS = 8;
const SHOWN = 6;

const SETUP = `
${[0, 1].map((n) => `link add v${n} address 02:00:00:00:01:0${n} type veth peer name p${n}`).join("\n")}
link set lo up
${[0, 1].map((n) => `link set v${n} up\nlink set p${n} up`).join("\n")}
addr add 10.9.0.1/24 dev v0
addr add 10.9.1.1/24 dev v1
addr add fd00:9:0::1/64 dev v0
addr add fd00:9:1::1/64 dev v1
neigh add 10.9.0.2 lladdr 02:00:00:00:00:01 dev v0 nud permanent
neigh add 10.9.1.2 lladdr 02:00:00:00:00:02 dev v1 nud permanent
neigh add fd00:9:0::2 lladdr 02:00:00:00:00:03 dev v0 nud permanent
neigh add fd00:9:1::2 lladdr 02:00:00:00:00:04 dev v1 nud permanent
`;

/** Linux remembers that there were rules of one's own: the last keeps it from being forgotten here. */
const DEFAULT_RULES = `rule flush
rule add priority 32766 lookup main
rule add priority 32767 lookup default
rule add priority 32000 nop`;

/** Few bits differ, so that prefixes lie within one another and questions hit them. */
const byte = fc.constantFrom(0, 1, 2, 3, 128, 255);
const TABLES = ["main", "100", "101", "default"] as const;

const way = (hops: readonly string[], links: readonly string[]) =>
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...hops).map((hop) => ({ type: "", to: `via ${hop}` })) },
    { weight: 2, arbitrary: fc.constantFrom(...links).map((link) => ({ type: "", to: `dev ${link}` })) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom("blackhole", "unreachable", "prohibit", "throw")
        .map((type) => ({ type, to: "" })),
    },
  );
const metric = fc.constantFrom("", "metric 5", "metric 70");

const route4 = fc
  .tuple(
    byte,
    byte,
    byte,
    fc.constantFrom(8, 10, 15, 16, 17, 22, 24, 31, 32),
    way(["10.9.0.2", "10.9.1.2"], ["v0", "v1"]),
    metric,
    fc.constantFrom(...TABLES),
    fc.constantFrom("", "", "tos 0x10"),
  )
  .map(([a, b, c, length, { type, to }, cost, table, tos]) => {
    const mask = (-1 << (32 - length)) >>> 0;
    const address = (((10 << 24) | (a << 16) | (b << 8) | c) & mask) >>> 0;
    const text = [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
    return `route append ${type} ${text}/${length} ${to} ${cost} ${tos} table ${table}`;
  });
const route6 = fc
  .tuple(
    byte,
    byte,
    fc.constantFrom(16, 32, 48, 64, 128),
    way(["fd00:9:0::2", "fd00:9:1::2"], ["v0", "v1"]),
    metric,
    fc.constantFrom("main", "100", "101"),
  )
  .map(([a, b, length, { type, to }, cost, table]) => {
    const groups = ["fd00", a.toString(16), b.toString(16), "7"].slice(0, length / 16);
    const text = length === 128 ? `${groups.slice(0, 4).join(":")}::5` : `${groups.join(":")}::`;
    // Appended ones of one metric would share the flows, by a hash that only Linux knows.
    return `route add ${type} ${text}/${length} ${to} ${cost} table ${table}`;
  });
const selector = fc.constantFrom(
  "fwmark 1",
  "fwmark 2/2",
  "iif v0",
  "iif v1",
  "oif v1",
  "ipproto udp",
  "dport 53",
  "sport 1000-2000",
  "not fwmark 1",
  "",
);
const verdict = fc.constantFrom(
  "lookup 100",
  "lookup 101",
  "lookup main",
  "blackhole",
  "prohibit",
  "unreachable",
  "nop",
  "goto 30000",
  "lookup main suppress_prefixlength 16",
);
const rule = fc
  .tuple(fc.integer({ min: 1, max: 40 }), selector, verdict)
  .map(([priority, what, then]) => `rule add priority ${priority * 1000} ${what} ${then}`);

const choice = fc.record({
  ifindex: fc.constantFrom(2, 3, 4, 5),
  flags: fc.constantFrom(
    0,
    LookupFlag.skipNeigh,
    LookupFlag.output,
    LookupFlag.mark,
    LookupFlag.mark,
    LookupFlag.direct,
    LookupFlag.src,
    LookupFlag.direct | LookupFlag.tbid,
  ),
  mark: fc.constantFrom(0, 1, 2, 3),
  table: fc.constantFrom(0, 100, 101, 253, 254, 255, 7),
  tos: fc.constantFrom(0, 0x10, 0x1c),
  totalLength: fc.constantFrom(0, 100, 1501),
});
const question = (destination: fc.Arbitrary<string>): fc.Arbitrary<Question> =>
  fc.tuple(destination, choice).map(([to, rest]) => ({
    destination: to,
    ...rest,
    // The mark stands where the addresses of the answer do: only with its flag is it one.
    table: (rest.flags & LookupFlag.tbid) !== 0 ? rest.table : 0,
  }));
const ask4 = question(fc.tuple(byte, byte, byte).map((bytes) => `10.${bytes.join(".")}`));
const ask6 = question(fc.tuple(byte, byte).map(([a, b]) => `fd00:${a.toString(16)}:${b.toString(16)}:7::5`));

describeWith(["bpf", "netns", "command ip"], "bpf_fib_lookup among random routes and rules", () => {
  let linux: Kernel;

  beforeAll(() => {
    isolateThread();
    for (const name of ["all", "default"]) sysctl(`ipv6/conf/${name}/accept_dad`, 0);
    ip(SETUP);
    for (const family of ["ipv4", "ipv6"]) sysctl(`${family}/conf/all/forwarding`, 1);
    linux = openLinuxKernel();
  });
  afterAll(() => linux.close());

  function flush(): void {
    for (const family of ["-4", "-6"]) {
      for (const table of ["100", "101", "default"]) ipWhatCanBe(`route flush table ${table}`, family);
      ipWhatCanBe("route flush table main proto boot", family);
      ipWhatCanBe(DEFAULT_RULES, family);
    }
  }

  test(`${CONFIGURATIONS} configurations`, async () => {
    const seed = seedOf("routes and rules");
    const configurations = fc.sample(
      fc.record({
        routes4: fc.array(route4, { minLength: 5, maxLength: 40 }),
        routes6: fc.array(route6, { minLength: 5, maxLength: 25 }),
        rules: fc.array(rule, { maxLength: 5 }),
        questions: fc.array(fc.oneof(ask4, ask6), { minLength: 150, maxLength: 150 }),
      }),
      { numRuns: CONFIGURATIONS, seed },
    );
    for (const { routes4, routes6, rules, questions } of configurations) {
      flush();
      ipWhatCanBe(routes4.join("\n"), "-4");
      ipWhatCanBe(routes6.join("\n"), "-6");
      for (const family of ["-4", "-6"]) ipWhatCanBe(rules.join("\n"), family);
      await using user = openUserKernel({ routing: readRouting(), memory: 1 << 26 });
      const differences = await differingAnswers([user, linux], questions);
      const first = differences.slice(0, SHOWN);
      expect({ differences: differences.length, first, rules }).toEqual({ differences: 0, first: [], rules });
    }
  });

  test("several next hops share the flows", async () => {
    flush();
    ip("route add 10.0.0.0/8 nexthop via 10.9.0.2 weight 1 nexthop via 10.9.1.2 weight 2", "-4");
    ip("route add fd00:1::/32 nexthop via fd00:9:0::2 weight 1 nexthop via fd00:9:1::2 weight 2", "-6");
    await using user = openUserKernel({ routing: readRouting(), memory: 1 << 26 });
    const ifindex = 3;
    for (const prefix of ["10.5.5.", "fd00:1::"]) {
      const questions = Array.from({ length: 600 }, (_, i) => ({
        destination: `${prefix}${i % 200}`,
        ifindex,
      }));
      for (const kernel of [user, linux]) {
        const answers = await ask(kernel, ProgramType.Xdp, questions);
        // The same flow goes the same way each time …
        expect(answers.slice(200, 400)).toEqual(answers.slice(0, 200));
        // … and the two ways get about a third and two thirds.
        const hops = answers.map((each) => each.slice(-24));
        const [smaller, larger] = [...new Set(hops)]
          .map((hop) => hops.filter((each) => each === hop).length)
          .sort((a, b) => a - b);
        expect(larger / hops.length).toBeGreaterThan(0.5);
        expect(smaller / hops.length).toBeGreaterThan(0.15);
      }
    }
  });
});
