import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { buildPacket } from "../build-packet.js";
import { dissect, findLayer } from "../dissect.js";
import { ethernet, icmp, icmpv6, ipv4, ipv6, sctp, tcp, udp } from "../header/index.js";
import {
  crc32c,
  foldSum,
  internetChecksum,
  onesComplementSum,
  updateChecksum,
  updateChecksum32,
  verifyChecksums,
} from "./index.js";

const text = (value: string) => new TextEncoder().encode(value);

describe("checksums", () => {
  test("RFC 1071 §3: the example's sum is ddf2", () => {
    const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
    expect(foldSum(onesComplementSum(bytes, 0, 8))).toBe(0xddf2);
  });

  test("RFC 9260 appendix A: CRC32c of 123456789 is e3069283", () => {
    expect(crc32c(text("123456789"), 0, 9)).toBe(0xe3069283);
  });

  test("an incremental update gives what a sum over the changed bytes gives", () => {
    // Never all zeroes: there ones' complement has two zeroes (RFC 1624 §3).
    const words = fc.uint8Array({ minLength: 8, maxLength: 64 }).filter((bytes) => bytes.length % 4 === 0);
    fc.assert(
      fc.property(words, fc.nat(0xffffffff), fc.nat(1000), (bytes, value, place) => {
        const data = Uint8Array.from([0x45, 0, ...bytes, 1, 0]);
        const at = 2 + ((place * 2) % (bytes.length - 2));
        const view = new DataView(data.buffer);
        const before = internetChecksum(data);
        const [old16, old32] = [view.getUint16(at), view.getUint32(at)];
        view.setUint16(at, value & 0xffff);
        expect(updateChecksum(before, old16, value & 0xffff)).toBe(internetChecksum(data));
        view.setUint32(at, value);
        expect(updateChecksum32(before, old32, value)).toBe(internetChecksum(data));
      }),
    );
  });

  const network = { "over IPv4": () => ipv4(), "over IPv6": () => ipv6() };
  const transports = { tcp: () => tcp({}), udp: () => udp(), sctp: () => sctp() };
  const rows = Object.entries(network).flatMap(([over, below]) =>
    Object.entries(transports).map(([name, above]) => [name, over, below, above] as const),
  );
  test.each(rows)(
    "%s %s is built with a right sum, and a flipped bit is found",
    (name, _over, below, above) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(10000), fc.nat(7), (payload, place, bit) => {
          const frame = buildPacket(ethernet(), below(), above(), payload);
          const verdicts = (bytes: Uint8Array) => verifyChecksums(bytes).map(({ verdict }) => verdict);
          expect(verdicts(frame)).not.toContain("bad");
          expect(verifyChecksums(frame).some(({ layer }) => layer === name)).toBe(true);
          const layer = findLayer(dissect(frame), name as "tcp" | "udp" | "sctp");
          const [from, to] = [layer?.at ?? 0, layer?.end ?? 0];
          // Not UDP's length, nor its checksum becoming "none": those change what is covered.
          const at = from + (place % (to - from));
          if (name === "udp" && at >= from + 4 && at < from + 8) return;
          if (name === "tcp" && at === from + 12) return;
          const damaged = frame.slice();
          damaged[at] ^= 1 << bit;
          const report = verifyChecksums(damaged).find((each) => each.layer === name);
          expect(report?.verdict).toBe("bad");
        }),
        { numRuns: 200 },
      );
    },
  );

  test.each([
    ["icmp", ipv4, icmp],
    ["icmpv6", ipv6, icmpv6],
  ] as const)("%s is built with a right sum", (name, below, above) => {
    const frame = buildPacket(ethernet(), below(), above(), "ping");
    expect(verifyChecksums(frame).find(({ layer }) => layer === name)?.verdict).toBe("good");
  });

  test("no UDP checksum is absent over IPv4 and bad over IPv6 (RFC 768, RFC 8200 §8.1)", () => {
    const of = (below: ReturnType<typeof ipv4>) =>
      verifyChecksums(buildPacket(ethernet(), below, udp({ checksum: 0 }), "x")).at(-1)?.verdict;
    expect(of(ipv4())).toBe("absent");
    expect(of(ipv6())).toBe("bad");
  });

  test("a fragment's transport sum cannot be verified", () => {
    const frame = buildPacket(ethernet(), ipv4({ moreFragments: true }), udp(), "x");
    expect(verifyChecksums(frame).at(-1)).toMatchObject({ layer: "udp", verdict: "unverifiable" });
  });
});
