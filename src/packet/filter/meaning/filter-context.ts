import { SyntaxProblem } from "../../../errors.js";
import { SCRATCH_WORDS } from "../classic-bpf/sock-filter.js";
import { type LoadSize, type Value, ValueTable } from "../program/value.js";

/** A place in the packet: a constant, or that far from a value that is known when the filter runs. */
export interface Place {
  readonly variable: Value | undefined;
  readonly constant: number;
}

/** What an offset is counted from. */
export type Origin =
  | "link header"
  /** The EtherType, or the protocol field of PPP. */
  | "link type"
  /** Behind the link header: an LLC header, if there is one. */
  | "link payload"
  | "network header"
  /** The network header of what follows an LLC header of 3 bytes. */
  | "network header after LLC"
  | "transport header over IPv4"
  | "transport header over IPv6";

/** RFC 8200 §3. */
const IPV6_HEADER = 40;

/**
 * Where the headers stand that the next primitive looks at. `vlan` and its like move them for all
 * that comes after in the text, be it joined by `and` or by `or`: so pcap-filter(7) wants it.
 */
export class FilterContext {
  readonly values = new ValueTable();
  /** Mask of the interface's IPv4 network, for `ip broadcast`. */
  readonly netmask: number;
  /** Column of the primitive at hand, for errors. */
  column = 0;
  linkType: "ethernet" | "ppp" = "ethernet";
  linkHeader: Place = { variable: undefined, constant: 0 };
  linkTypeField: Place = { variable: undefined, constant: 12 };
  payload: Place = { variable: undefined, constant: 14 };
  /** Of the network header behind the link header, in bytes. */
  network = 0;
  networkAfterLlc = 3;
  /** Labels of MPLS that have been passed. */
  mplsLabels = 0;
  /** Within Geneve a packet may have no link header: the two places are one then. */
  mayLackLinkHeader = false;
  #scratchWords = 0;

  constructor(netmask: number) {
    this.netmask = netmask;
  }

  /** Words of scratch memory that are taken: M[0] up to this. */
  get scratchWords(): number {
    return this.#scratchWords;
  }

  /** Takes a word of scratch memory for good; throws SyntaxProblem where there is none left. */
  takeScratch(): number {
    if (this.#scratchWords === SCRATCH_WORDS) {
      return this.refuse(`the expression needs more than ${SCRATCH_WORDS} words of scratch memory`);
    }
    return this.#scratchWords++;
  }

  /** Throws SyntaxProblem about the primitive at hand. */
  refuse(message: string): never {
    throw new SyntaxProblem(message, this.column);
  }

  /** `size` bytes at `offset` from a header; the offset may be negative. */
  load(origin: Origin, offset: number, size: LoadSize): Value {
    const { variable, constant } = this.place(origin);
    return this.values.load(size, variable, constant + offset);
  }

  place(origin: Origin): Place {
    switch (origin) {
      case "link header":
        return this.linkHeader;
      case "link type":
        return this.linkTypeField;
      case "link payload":
        return this.payload;
      case "network header":
        return behind(this.payload, this.network);
      case "network header after LLC":
        return behind(this.payload, this.networkAfterLlc);
      case "transport header over IPv4":
        return { variable: this.ipv4HeaderEnd(), constant: this.payload.constant + this.network };
      case "transport header over IPv6":
        return behind(this.payload, this.network + IPV6_HEADER);
    }
  }

  /** Length of the IPv4 header, and what varies in its place. */
  ipv4HeaderEnd(): Value {
    const { values } = this;
    const { variable, constant } = this.place("network header");
    if (variable === undefined) return values.headerLength(constant);
    const words = values.binary("&", values.load(1, variable, constant), values.number(0x0f));
    return values.binary("+", values.binary("<<", words, values.number(2)), variable);
  }
}

export function behind(place: Place, distance: number): Place {
  return { variable: place.variable, constant: place.constant + distance };
}
