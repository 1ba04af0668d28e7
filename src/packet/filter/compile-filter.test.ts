import { describe, expect, test } from "vitest";
import { SyntaxProblem } from "../../errors.js";
import { buildPacket, ethernet, ipv4, packetRecord, TcpFlag, tcp } from "../index.js";
import { ClassicBpfCode } from "./classic-bpf/code.js";
import { compileFilter } from "./compile-filter.js";

describe("compiled filters", () => {
  test.each([
    ["", ["(000) ret      #262144"]],
    ["ip and arp", ["(000) ret      #0"]],
    ["5 > 3", ["(000) ret      #262144"]],
    [
      "tcp port 80 or 443",
      [
        "(000) ldh      [12]",
        "(001) jeq      #0x86dd          jt 2\tjf 8",
        "(002) ldb      [20]",
        "(003) jeq      #0x6             jt 4\tjf 27",
        "(004) ldh      [54]",
        "(005) jeq      #0x50            jt 26\tjf 6",
        "(006) ldh      [56]",
        "(007) jeq      #0x50            jt 26\tjf 18",
        "(008) jeq      #0x800           jt 9\tjf 27",
        "(009) ldb      [23]",
        "(010) jeq      #0x6             jt 11\tjf 27",
        "(011) ldh      [20]",
        "(012) jset     #0x1fff          jt 27\tjf 13",
        "(013) ldxb     4*([14]&0xf)",
        "(014) ldh      [x + 14]",
        "(015) jeq      #0x50            jt 26\tjf 16",
        "(016) ldh      [x + 16]",
        "(017) jeq      #0x50            jt 26\tjf 22",
        "(018) ldh      [54]",
        "(019) jeq      #0x1bb           jt 26\tjf 20",
        "(020) ldh      [56]",
        "(021) jeq      #0x1bb           jt 26\tjf 27",
        "(022) ldh      [x + 14]",
        "(023) jeq      #0x1bb           jt 26\tjf 24",
        "(024) ldh      [x + 16]",
        "(025) jeq      #0x1bb           jt 26\tjf 27",
        "(026) ret      #262144",
        "(027) ret      #0",
      ],
    ],
    [
      "host 10.0.0.1",
      [
        "(000) ldh      [12]",
        "(001) jeq      #0x800           jt 2\tjf 6",
        "(002) ld       [26]",
        "(003) jeq      #0xa000001       jt 12\tjf 4",
        "(004) ld       [30]",
        "(005) jeq      #0xa000001       jt 12\tjf 13",
        "(006) jeq      #0x806           jt 8\tjf 7",
        "(007) jeq      #0x8035          jt 8\tjf 13",
        "(008) ld       [28]",
        "(009) jeq      #0xa000001       jt 12\tjf 10",
        "(010) ld       [38]",
        "(011) jeq      #0xa000001       jt 12\tjf 13",
        "(012) ret      #262144",
        "(013) ret      #0",
      ],
    ],
    [
      "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
      [
        "(000) ldh      [12]",
        "(001) jeq      #0x800           jt 2\tjf 10",
        "(002) ldb      [23]",
        "(003) jeq      #0x6             jt 4\tjf 10",
        "(004) ldh      [20]",
        "(005) jset     #0x1fff          jt 10\tjf 6",
        "(006) ldxb     4*([14]&0xf)",
        "(007) ldb      [x + 27]",
        "(008) jset     #0x3             jt 9\tjf 10",
        "(009) ret      #262144",
        "(010) ret      #0",
      ],
    ],
    [
      "vlan 5 and arp",
      [
        "(000) ldh      [12]",
        "(001) jeq      #0x8100          jt 4\tjf 2",
        "(002) jeq      #0x88a8          jt 4\tjf 3",
        "(003) jeq      #0x9100          jt 4\tjf 10",
        "(004) ldh      [14]",
        "(005) and      #0xfff",
        "(006) jeq      #0x5             jt 7\tjf 10",
        "(007) ldh      [16]",
        "(008) jeq      #0x806           jt 9\tjf 10",
        "(009) ret      #262144",
        "(010) ret      #0",
      ],
    ],
    [
      // A value that is reckoned from two others waits in scratch memory.
      "ip[ip[0]] * ip[ip[1]] < 5",
      [
        "(000) ldh      [12]",
        "(001) jeq      #0x800           jt 2\tjf 13",
        "(002) ldb      [15]",
        "(003) tax",
        "(004) ldb      [x + 14]",
        "(005) st       M[0]",
        "(006) ldb      [14]",
        "(007) tax",
        "(008) ldb      [x + 14]",
        "(009) ldx      M[0]",
        "(010) mul      x",
        "(011) jge      #0x5             jt 13\tjf 12",
        "(012) ret      #262144",
        "(013) ret      #0",
      ],
    ],
  ])("%s", (text, lines) => {
    const program = compileFilter(text).disassemble();
    expect(program).toEqual(lines);
  });

  const syn = buildPacket(
    ethernet({ destination: "02:00:00:00:00:02", source: "02:00:00:00:00:01" }),
    ipv4({ source: "10.0.0.1", destination: "10.0.0.2" }),
    tcp({ sourcePort: 1234, destinationPort: 80, flags: TcpFlag.Syn }),
  );

  test("match frames, and records that lie somewhere in a buffer", () => {
    const filter = compileFilter("tcp dst port http and src host 10.0.0.1");
    expect(filter.matches(syn)).toBe(true);
    expect(filter.matches(syn.subarray(0, 36))).toBe(false);
    const buffer = new Uint8Array(syn.length + 20);
    buffer.set(syn, 9);
    expect(filter.matchesPacket({ ...packetRecord(buffer), offset: 9, capturedLength: syn.length })).toBe(
      true,
    );
    expect(filter.matchesPacket({ ...packetRecord(buffer), offset: 8, capturedLength: syn.length })).toBe(
      false,
    );
    expect(compileFilter("greater 1000").matches(syn, 1500)).toBe(true);
    expect(compileFilter("greater 1000").matches(syn)).toBe(false);
  });

  test("options: the network's mask, and how much to keep", () => {
    const broadcast = syn.slice();
    broadcast.set([10, 0, 0, 255], 30);
    expect(compileFilter("ip broadcast").matches(broadcast)).toBe(false);
    expect(compileFilter("ip broadcast", { netmask: "255.255.255.0" }).matches(broadcast)).toBe(true);
    expect(
      compileFilter("tcp", { snapLength: 96 }).instructions.some(
        ({ code, k }) => code === ClassicBpfCode.RetK && k === 96,
      ),
    ).toBe(true);
    for (const snapLength of [0, -1, 1.5, 2 ** 32]) {
      expect(() => compileFilter("tcp", { snapLength })).toThrow(SyntaxProblem);
    }
    expect(() => compileFilter("tcp", { netmask: "255" })).toThrow(SyntaxProblem);
  });

  test("jumps further than a conditional one can go", () => {
    const ports = Array.from({ length: 400 }, (_, i) => `dst port ${20_000 + i}`);
    const filter = compileFilter(`${ports.join(" or ")} or src port 1234`);
    expect(filter.instructions.some(({ code }) => code === ClassicBpfCode.Ja)).toBe(true);
    expect(filter.matches(syn)).toBe(true);
    const other = syn.slice();
    other.set([20_399 >>> 8, 20_399 & 0xff], 36);
    other[34] = 0;
    expect(filter.matches(other)).toBe(true);
    other[37]++;
    expect(filter.matches(other)).toBe(false);
  });

  test("walk chains of headers, behind an authentication header too", () => {
    // IPv6, authentication (24 bytes), destination options (8 bytes), TCP.
    const frame = new Uint8Array(14 + 40 + 24 + 8 + 20);
    frame.set([0x86, 0xdd, 0x60], 12);
    frame[20] = 51;
    frame.set([60, 4], 54);
    frame.set([6, 0], 78);
    for (const [protocol, isThere] of [
      [51, true],
      [60, true],
      [6, true],
      [17, false],
      [44, false],
    ] as const) {
      expect(compileFilter(`ip6 protochain ${protocol}`).matches(frame), String(protocol)).toBe(isThere);
      expect(compileFilter(`protochain ${protocol}`).matches(frame), String(protocol)).toBe(isThere);
    }
    expect(compileFilter("ip protochain 6").matches(frame)).toBe(false);
    frame[20] = 59;
    expect(compileFilter("ip6 protochain 59").matches(frame)).toBe(true);
    expect(compileFilter("ip6 protochain 6").matches(frame)).toBe(false);
  });

  test.each([
    ["port 70000", 5, "port 70000 is more than 65535"],
    ["tcp port gopherx", 9, 'there is no port "gopherx"'],
    ["udp port http", 9, '"http" is a port of tcp'],
    ["portrange 80-x", 10, 'there is no port "x"'],
    ["port 1.2.3.4", 5, '"1.2.3.4" is no port'],
    ["icmp port 80", 10, '"icmp" has no ports'],
    ["host example.com", 5, '"example.com" is the name of a host, and no DNS is asked'],
    ["net ucb-ether", 4, "the name of a network"],
    ["ether host vs", 11, "the name of an Ethernet host"],
    ["ip host ::1", 8, '"ip" has no IPv6 addresses'],
    ["ip6 host 10.0.0.1", 9, '"ip6" has no IPv4 addresses'],
    ["net 10.1.2.3/8", 4, "bits set outside"],
    ["net 2001:db8::1/32", 4, "bits set outside"],
    ["net 10.0.0.0/33", 4, "longer than 32"],
    ["net ::/129", 4, "longer than 128"],
    ["host 10.0.0.0/8", 5, "net is wanted"],
    ["host 10.0.0.256", 5, "is no address"],
    ["ether host 10.0.0.1", 11, "is no address of Ethernet"],
    ["host 02:00:00:00:00:01", 5, "ether host, src or dst is wanted"],
    ["ip proto spam", 9, 'carries no protocol named "spam"'],
    ["ip proto 256", 9, "is more than 255"],
    ["tcp proto 6", 10, '"tcp" carries no protocol by number'],
    ["vlan 4096", 5, "vlan 4096 is more than 4095"],
    ["mpls 1048576", 5, "more than 1048575"],
    ["mpls and arp", 9, "behind mpls only"],
    ["mpls and vlan", 9, "behind mpls"],
    ["pppoes and ether host 02:00:00:00:00:01", 22, "no Ethernet addresses"],
    ["pppoes and llc", 11, "PPP has no LLC"],
    ["geneve and ip protochain 6", 25, "protochain cannot be asked"],
    ["llc foo", 4, "no type of LLC frame"],
    ["radio[0] = 1", 0, "802.11"],
    ["ah[0] = 1", 0, '"ah" cannot be indexed'],
    ["ether", 0, '"ether" alone'],
    ["ip[0] / 0 = 1", 6, "division by zero"],
    ["ip[0] % (3 - 3) = 1", 6, "division by zero"],
    ["ip[0] << 32 = 1", 6, "shift by 32 bits"],
    [`${"geneve and ".repeat(5)}tcp`, 44, "scratch memory"],
    [nestedIndices(20), undefined, "scratch memory"],
  ])("refuses %s", (text, column, message) => {
    let problem: unknown;
    try {
      compileFilter(text);
    } catch (error) {
      problem = error;
    }
    expect(problem).toBeInstanceOf(SyntaxProblem);
    expect((problem as SyntaxProblem).message).toContain(message);
    expect((problem as SyntaxProblem).column).toBe(column);
  });

  test.each<[string, string]>([
    ["sums", `${"len + ".repeat(900)}1 = 1`],
    ["powers", `${"len ^ ".repeat(400)}1 = 1`],
    ["signs", `${"- ".repeat(400)}len = 1`],
    ["negations", `${"not ".repeat(400)}tcp`],
    ["parentheses", `${"(".repeat(400)}tcp${")".repeat(400)}`],
    ["tests within tests", `${"ip and (tcp or ".repeat(200)}udp${")".repeat(200)}`],
  ])("%s within one another are a program", (_name, text) => {
    expect(compileFilter(text).instructions.length).toBeGreaterThan(0);
  });

  test("many tests in a row are a program", () => {
    const filter = compileFilter(Array.from({ length: 5_000 }, (_, i) => `src port ${i}`).join(" or "));
    expect(filter.matches(syn)).toBe(true);
  });
});

/** Products whose right sides each wait for the one within: as many words of scratch memory. */
function nestedIndices(depth: number): string {
  let text = "ip[ip[1]]";
  for (let i = 0; i < depth; i++) text = `ip[ip[${i}]] - (${text})`;
  return `${text} = 1`;
}
