/** One option of an IPv4 header: type octet and what follows its length octet. */
export interface Ipv4Option {
  type: number;
  data: Uint8Array;
}

const END = 0;
const NOP = 1;

/** The options in a header's option bytes, no-operations included, up to the end of the list; undefined where one is cut. */
export function parseIpv4Options(bytes: Uint8Array): Ipv4Option[] | undefined {
  const options: Ipv4Option[] = [];
  for (let at = 0; at < bytes.length && bytes[at] !== END; ) {
    if (bytes[at] === NOP) {
      options.push({ type: NOP, data: new Uint8Array(0) });
      at++;
      continue;
    }
    // RFC 791 §3.1: the length counts the type and length octets too.
    const length = at + 1 < bytes.length ? bytes[at + 1] : 0;
    if (length < 2 || at + length > bytes.length) return undefined;
    options.push({ type: bytes[at], data: bytes.slice(at + 2, at + length) });
    at += length;
  }
  return options;
}

/** Option bytes for `ipv4({ options })`, not padded. Throws RangeError for more than 40 bytes. */
export function ipv4Options(options: readonly Ipv4Option[]): Uint8Array {
  const bytes = options.flatMap(({ type, data }) =>
    type === END || type === NOP ? [type] : [type, data.length + 2, ...data],
  );
  if (bytes.length > 40) throw new RangeError(`${bytes.length} bytes of IPv4 options: there is room for 40`);
  return Uint8Array.from(bytes);
}
