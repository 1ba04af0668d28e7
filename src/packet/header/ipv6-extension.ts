import { IpProtocol } from "../ip-protocol.js";
import { field, type Layer } from "../layer.js";

/** One extension header of an IPv6 packet. */
export interface Ipv6Extension {
  /** The number by which the header before names it. */
  type: number;
  /** Index of its first byte, and its bytes. */
  at: number;
  length: number;
}

/** What an IPv6 packet's fragment header says, RFC 8200 §4.5. */
export interface Ipv6Fragment {
  /** Bytes, a multiple of 8. */
  fragmentOffset: number;
  moreFragments: boolean;
  identification: number;
}

/** Where the chain of extension headers leads. */
export interface Ipv6Chain {
  extensions: Ipv6Extension[];
  fragment?: Ipv6Fragment;
  /** The first next-header number that is no extension header. */
  protocol: number;
  /** Index of what it names. */
  at: number;
  /** True where a header is cut: `at` and `protocol` are then those of that header. */
  isCut: boolean;
  /** Where a routing header still has segments left: its final destination (RFC 8200 §8.1), 16 bytes. */
  finalDestination?: Uint8Array;
}

/**
 * Walks the extension headers from `at`, which `nextHeader` names. A fragment other than the first ends
 * the chain: what follows is no header. ESP ends it too, as what follows is encrypted.
 */
export function walkIpv6Extensions(
  bytes: Uint8Array,
  nextHeader: number,
  at: number,
  end = bytes.length,
): Ipv6Chain {
  const chain: Ipv6Chain = { extensions: [], protocol: nextHeader, at, isCut: false };
  while (isExtension(chain.protocol)) {
    const here = chain.at;
    const length = end - here < 8 ? 0 : extensionLength(chain.protocol, bytes[here + 1]);
    if (length === 0 || length > end - here) {
      chain.isCut = true;
      return chain;
    }
    if (chain.protocol === IpProtocol.Fragment) {
      const word = (bytes[here + 2] << 8) | bytes[here + 3];
      chain.fragment = {
        fragmentOffset: word & 0xfff8,
        moreFragments: (word & 1) !== 0,
        identification:
          ((bytes[here + 4] << 24) | (bytes[here + 5] << 16) | (bytes[here + 6] << 8) | bytes[here + 7]) >>>
          0,
      };
    }
    if (chain.protocol === IpProtocol.Routing) {
      const final = finalDestination(bytes.subarray(here, here + length));
      if (final !== undefined) chain.finalDestination = final;
    }
    chain.extensions.push({ type: chain.protocol, at: here, length });
    chain.protocol = bytes[here];
    chain.at = here + length;
    if (chain.fragment !== undefined && chain.fragment.fragmentOffset !== 0) return chain;
  }
  return chain;
}

function isExtension(protocol: number): boolean {
  switch (protocol) {
    case IpProtocol.HopByHop:
    case IpProtocol.Routing:
    case IpProtocol.Fragment:
    case IpProtocol.DestinationOptions:
    case IpProtocol.Ah:
    case IpProtocol.Mobility:
      return true;
    default:
      return false;
  }
}

/** RFC 8200 §4.2: in 8-byte units without the first; RFC 4302 §2.2: AH's in 4-byte units minus two. */
function extensionLength(protocol: number, lengthField: number): number {
  if (protocol === IpProtocol.Fragment) return 8;
  return protocol === IpProtocol.Ah ? (lengthField + 2) * 4 : (lengthField + 1) * 8;
}

/**
 * The last address of a routing header that has segments left: of type 0 (RFC 5095) and 2 (RFC 6275)
 * the last listed, of type 4 (RFC 8754) the first, as its list is reversed.
 */
function finalDestination(header: Uint8Array): Uint8Array | undefined {
  const type = header[2];
  const segmentsLeft = header[3];
  if (segmentsLeft === 0 || header.length < 24) return undefined;
  if (type === 4) return header.slice(8, 24);
  if (type !== 0 && type !== 2) return undefined;
  const count = Math.floor((header.length - 8) / 16);
  return header.slice(8 + (count - 1) * 16, 8 + count * 16);
}

/** Builds an extension header of the general form: next header, length, then `data` padded with PadN. */
function general(ipProtocol: number, data: Uint8Array): Layer {
  const size = Math.ceil((2 + data.length) / 8) * 8;
  const bytesOfHeader = new Uint8Array(size);
  bytesOfHeader[1] = field("extension header length", size / 8 - 1, 8);
  bytesOfHeader.set(data, 2);
  const padding = size - 2 - data.length;
  if (ipProtocol !== IpProtocol.Routing && padding >= 2) {
    // RFC 8200 §4.2: PadN is type 1 with the length of its zeroes; a lone byte is Pad1, a zero.
    bytesOfHeader[2 + data.length] = 1;
    bytesOfHeader[3 + data.length] = padding - 2;
  }
  return {
    size,
    ipProtocol,
    ...(ipProtocol === IpProtocol.Routing
      ? {
          pseudoHeader: (below) => {
            const destination = finalDestination(bytesOfHeader);
            return below === undefined || destination === undefined ? below : { ...below, destination };
          },
        }
      : {}),
    write: ({ bytes, at, above }) => {
      bytes.set(bytesOfHeader, at);
      bytes[at] = nextHeaderOf(above);
    },
  };
}

function nextHeaderOf(above: Layer | undefined): number {
  return above === undefined ? IpProtocol.NoNext : (above.ipProtocol ?? IpProtocol.Experiment);
}

/** A hop-by-hop options header of these option bytes; padded. */
export function hopByHop(options: Uint8Array = new Uint8Array(0)): Layer {
  return general(IpProtocol.HopByHop, options);
}

/** A destination options header of these option bytes; padded. */
export function destinationOptions(options: Uint8Array = new Uint8Array(0)): Layer {
  return general(IpProtocol.DestinationOptions, options);
}

/** A routing header; `data` is what follows segments left: 4 bytes of the type's own, then addresses. */
export function routing(fields: { type: number; segmentsLeft: number; data: Uint8Array }): Layer {
  const type = field("type", fields.type, 8);
  const segmentsLeft = field("segmentsLeft", fields.segmentsLeft, 8);
  return general(IpProtocol.Routing, Uint8Array.from([type, segmentsLeft, ...fields.data]));
}

/** A fragment header to build. */
export function fragment(fields: Partial<Ipv6Fragment>): Layer {
  const { fragmentOffset = 0, moreFragments = false, identification = 0 } = fields;
  if (fragmentOffset % 8 !== 0) {
    throw new RangeError(`fragmentOffset is ${fragmentOffset}, which is no multiple of 8`);
  }
  return {
    size: 8,
    ipProtocol: IpProtocol.Fragment,
    write: ({ view, at, above }) => {
      view.setUint8(at, nextHeaderOf(above));
      view.setUint16(at + 2, field("fragmentOffset", fragmentOffset, 16) | (moreFragments ? 1 : 0));
      view.setUint32(at + 4, field("identification", identification, 32));
    },
  };
}
