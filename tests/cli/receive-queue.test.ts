import { expect, test } from "vitest";
import { receiveHash, receiveQueue } from "../../src/cli/run/receive-queue.js";
import { arp, buildPacket, ethernet, fragment, ipv4, ipv6, tcp, udp } from "../../src/packet/index.js";

/** Microsoft's "Verifying the RSS Hash Calculation": addresses and ports, and the hash of both. */
const VECTORS = [
  ["66.9.149.187", 2794, "161.142.100.80", 1766, 0x51ccc178],
  ["199.92.111.2", 14230, "65.69.140.83", 4739, 0xc626b0ea],
  ["24.19.198.95", 12898, "12.22.207.184", 38024, 0x5c2b394a],
  ["38.27.205.30", 48228, "209.142.163.6", 2217, 0xafc7327f],
  ["153.39.163.191", 44251, "202.188.127.2", 1303, 0x10e828a2],
  ["3ffe:2501:200:1fff::7", 2794, "3ffe:2501:200:3::1", 1766, 0x40207d3d],
  ["3ffe:501:8::260:97ff:fe40:efab", 14230, "ff02::1", 4739, 0xdde51bbf],
  ["3ffe:1900:4545:3:200:f8ff:fe21:67cf", 44251, "fe80::200:f8ff:fe21:67cf", 38024, 0x02d1feef],
] as const;

test.each(VECTORS)(
  "%s.%d > %s.%d hashes to the published %d",
  (source, sourcePort, destination, destinationPort, hash) => {
    const ip = source.includes(":") ? ipv6({ source, destination }) : ipv4({ source, destination });
    expect(receiveHash(buildPacket(ethernet(), ip, tcp({ sourcePort, destinationPort })))).toBe(hash);
    expect(receiveHash(buildPacket(ethernet(), ip, udp({ sourcePort, destinationPort })))).toBe(hash);
  },
);

test("fragments go by their addresses alone, what is no IP goes to the first queue", () => {
  const addresses = { source: "66.9.149.187", destination: "161.142.100.80" };
  // The published hash of the addresses without ports.
  expect(receiveHash(buildPacket(ethernet(), ipv4({ ...addresses, moreFragments: true }), udp()))).toBe(
    0x323e8fc2,
  );
  expect(receiveHash(buildPacket(ethernet(), ipv4(addresses)))).toBe(0x323e8fc2);
  expect(receiveQueue(buildPacket(ethernet(), arp({})), 4)).toBe(0);
  expect(receiveQueue(new Uint8Array(3), 4)).toBe(0);
  const six = { source: "3ffe:2501:200:1fff::7", destination: "3ffe:2501:200:3::1" };
  expect(receiveHash(buildPacket(ethernet(), ipv6(six), fragment({}), udp()))).toBe(0x2cc18cd5);
});
