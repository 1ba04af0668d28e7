import { IpProtocol } from "../../ip-protocol.js";
import { ClassicBpfCode } from "../classic-bpf/code.js";
import type { SockFilter } from "../classic-bpf/sock-filter.js";
import type { HeaderChain } from "./predicate.js";

/** Headers of IPv6 whose second byte is their length in words of 8 bytes, the first not counted. */
const extensions = [
  IpProtocol.HopByHop,
  IpProtocol.DestinationOptions,
  IpProtocol.Routing,
  IpProtocol.Fragment,
];
const IPV6_HEADER = 40;

/** An instruction; labels stand for themselves, and jumps name the label that they go to. */
type Line = { readonly label: string } | { readonly code: number; readonly k?: number; readonly to?: string };

/**
 * Walks the headers after an IP header until one has the protocol that is looked for, or none follows:
 * A is then the protocol that it stopped at. It is a loop, jumping backwards, so Linux takes no program
 * with it in (as it takes none of libpcap's). The length of an authentication header is added to where
 * it begins (RFC 4302 §2.2); libpcap takes it for the place of the next header.
 */
export function protochainCode(chain: HeaderChain, slot: number): SockFilter[] {
  const isV6 = chain.version === 6;
  const passed = isV6 ? extensions.filter((protocol) => protocol !== chain.protocol) : [];
  return assemble([
    { code: ClassicBpfCode.LdByteAbs, k: chain.offset + (isV6 ? 6 : 9) },
    isV6 ? { code: ClassicBpfCode.LdxImm, k: IPV6_HEADER } : { code: ClassicBpfCode.LdxMsh, k: chain.offset },
    { label: "header" },
    { code: ClassicBpfCode.JeqK, k: chain.protocol, to: "end" },
    { code: ClassicBpfCode.JeqK, k: IpProtocol.NoNext, to: "end" },
    ...passed.map((protocol) => ({ code: ClassicBpfCode.JeqK, k: protocol, to: "extension" })),
    { code: ClassicBpfCode.JeqK, k: IpProtocol.Ah, to: "authentication" },
    { code: ClassicBpfCode.Ja, to: "end" },
    ...(isV6 ? [{ label: "extension" }, ...advance(chain, slot, 1, 8)] : []),
    { label: "authentication" },
    ...advance(chain, slot, 2, 4),
    { label: "end" },
  ]);
}

/** On to the next header: X += (length + more) * unit, A = its protocol. */
function advance({ offset }: HeaderChain, slot: number, more: number, unit: number): Line[] {
  return [
    { code: ClassicBpfCode.LdByteInd, k: offset },
    { code: ClassicBpfCode.St, k: slot },
    { code: ClassicBpfCode.LdByteInd, k: offset + 1 },
    { code: ClassicBpfCode.AddK, k: more },
    { code: ClassicBpfCode.MulK, k: unit },
    { code: ClassicBpfCode.AddX },
    { code: ClassicBpfCode.Tax },
    { code: ClassicBpfCode.LdMem, k: slot },
    { code: ClassicBpfCode.Ja, to: "header" },
  ];
}

/** Jumps go to their label where their condition holds, and on to the next line where it does not. */
function assemble(lines: readonly Line[]): SockFilter[] {
  const labels = new Map<string, number>();
  const instructions: Exclude<Line, { label: string }>[] = [];
  for (const line of lines) {
    if ("label" in line) labels.set(line.label, instructions.length);
    else instructions.push(line);
  }
  return instructions.map(({ code, k = 0, to }, at) => {
    const distance = to === undefined ? 0 : labels.get(to)! - at - 1;
    return code === ClassicBpfCode.Ja
      ? { code, jt: 0, jf: 0, k: distance >>> 0 }
      : { code, jt: distance, jf: 0, k };
  });
}
