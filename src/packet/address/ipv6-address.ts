import { SyntaxProblem } from "../../errors.js";
import { formatIpv4, parseIpv4 } from "./ipv4-address.js";

export const IPV6_LENGTH = 16;
const GROUPS = 8;

/**
 * The sixteen bytes, network order, of any text form of RFC 4291 §2.2: full, with "::", with a dotted
 * IPv4 tail. A zone ("%eth0") is no part of an address. Throws SyntaxProblem.
 */
export function parseIpv6(text: string): Uint8Array {
  const halves = text.split("::");
  const head = groupsOf(halves[0]);
  const tail = halves.length === 2 ? groupsOf(halves[1]) : [];
  const count = head === undefined || tail === undefined ? -1 : head.length + tail.length;
  // "::" stands for one group at least (inet_pton); RFC 5952 §4.2.2 only advises against one.
  const whole = halves.length === 1 ? count === GROUPS : halves.length === 2 && count >= 0 && count < GROUPS;
  // A dotted part ends an address, so it cannot stand before "::".
  if (!whole || (halves.length === 2 && halves[0].includes("."))) {
    throw new SyntaxProblem(`"${text}" is no IPv6 address: eight groups such as 2001:db8::1 are needed`);
  }
  const bytes = new Uint8Array(IPV6_LENGTH);
  const put = (groups: number[], first: number): void => {
    groups.forEach((group, i) => {
      bytes[(first + i) * 2] = group >>> 8;
      bytes[(first + i) * 2 + 1] = group & 0xff;
    });
  };
  put(head!, 0);
  put(tail!, GROUPS - tail!.length);
  return bytes;
}

/** The 16-bit groups of one side of "::", or undefined where they are none. */
function groupsOf(text: string): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (i === parts.length - 1 && part.includes(".")) {
      let bytes: Uint8Array;
      try {
        bytes = parseIpv4(part);
      } catch (error) {
        if (error instanceof SyntaxProblem) return undefined;
        throw error;
      }
      groups.push((bytes[0] << 8) | bytes[1], (bytes[2] << 8) | bytes[3]);
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** The canonical text of RFC 5952 of the sixteen bytes at `at`: "2001:db8::1", "::ffff:10.0.0.1". */
export function formatIpv6(bytes: Uint8Array, at = 0): string {
  const groups = Array.from({ length: GROUPS }, (_, i) => (bytes[at + 2 * i] << 8) | bytes[at + 2 * i + 1]);
  // §5: the mapped prefix ::ffff:0:0/96 is known, so its addresses end in dotted form.
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff) {
    return `::ffff:${formatIpv4(bytes, at + 12)}`;
  }
  // §4.2: the longest run of two or more zero groups is left out, the first of equals.
  let start = -1;
  let length = 1;
  for (let i = 0; i < GROUPS; i++) {
    let run = 0;
    while (i + run < GROUPS && groups[i + run] === 0) run++;
    if (run > length) {
      start = i;
      length = run;
    }
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  return start < 0 ? hex(groups) : `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}
