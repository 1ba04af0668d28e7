/** An address of four, six or sixteen bytes as people write it; IPv6 in RFC 5952's form. */
export function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length === 6) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
  return formatIpv6(bytes);
}

function formatIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i] << 8) | bytes[2 * i + 1]).toString(16));
  const text = groups.join(":");
  // RFC 5952 §5: addresses that stand for those of IPv4 end as these do.
  if (text.startsWith("0:0:0:0:0:ffff:")) return `::ffff:${bytes.subarray(12).join(".")}`;
  // §4.2: the longest run of zeroes, the first of equals, and never of one group alone.
  const runs = text.match(/(?<![^:])0(:0)+(?![^:])/g) ?? [];
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a), "");
  if (longest === "") return text;
  const at = text.search(new RegExp(`(?<![^:])${longest}(?![^:])`));
  return `${text.slice(0, at).replace(/:$/, "")}::${text.slice(at + longest.length).replace(/^:/, "")}`;
}

/** Reads addresses as people write them, for members of four, six and sixteen bytes. */
export function parseAddress(text: string, size: number): Uint8Array | undefined {
  if (size === 4) return parseIpv4(text);
  if (size === 6) return parseMac(text);
  if (size === 16) return parseIpv6(text);
  return undefined;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256))
    return undefined;
  return Uint8Array.from(parts, Number);
}

function parseMac(text: string): Uint8Array | undefined {
  if (!/^([0-9a-f]{1,2}[:-]){5}[0-9a-f]{1,2}$/i.test(text)) return undefined;
  return Uint8Array.from(text.split(/[:-]/), (part) => Number.parseInt(part, 16));
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const groups = halves.map((half) => (half === "" ? [] : half.split(":").flatMap(expand)));
  const known = groups.flat();
  const isWhole = halves.length === 1 ? known.length === 8 : known.length < 8;
  if (!isWhole || known.some((group) => Number.isNaN(group))) return undefined;
  const zeroes = new Array<number>(8 - known.length).fill(0);
  const all = halves.length === 1 ? known : [...groups[0], ...zeroes, ...groups[1]];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}

/** A group of four digits as a number, or the two that a dotted end stands for. */
function expand(group: string): number[] {
  if (group.includes(".")) {
    const bytes = parseIpv4(group);
    return bytes === undefined ? [Number.NaN] : [(bytes[0] << 8) | bytes[1], (bytes[2] << 8) | bytes[3]];
  }
  return [/^[0-9a-f]{1,4}$/i.test(group) ? Number.parseInt(group, 16) : Number.NaN];
}
