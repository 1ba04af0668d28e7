import { formatIpv4, parseIpv4 } from "../address/ipv4-address.js";
import { formatMac, parseMac } from "../address/mac-address.js";
import { EtherType } from "../ether-type.js";
import { field, type Layer } from "../layer.js";

export const ARP_HEADER = 28;
export const ArpOperation = { Request: 1, Reply: 2, ReverseRequest: 3, ReverseReply: 4 } as const;

/** An ARP packet (RFC 826) of IPv4 over Ethernet. */
export interface ArpHeader {
  hardwareType: number;
  protocolType: number;
  operation: number;
  senderMac: string;
  senderIp: string;
  targetMac: string;
  targetIp: string;
}

/** The packet at `at`; undefined where it is cut or its addresses are not of 6 and 4 bytes. */
export function parseArp(bytes: Uint8Array, at: number, end = bytes.length): ArpHeader | undefined {
  if (end - at < ARP_HEADER || bytes[at + 4] !== 6 || bytes[at + 5] !== 4) return undefined;
  return {
    hardwareType: (bytes[at] << 8) | bytes[at + 1],
    protocolType: (bytes[at + 2] << 8) | bytes[at + 3],
    operation: (bytes[at + 6] << 8) | bytes[at + 7],
    senderMac: formatMac(bytes, at + 8),
    senderIp: formatIpv4(bytes, at + 14),
    targetMac: formatMac(bytes, at + 18),
    targetIp: formatIpv4(bytes, at + 24),
  };
}

/** An ARP packet to build; a request from 02:00:00:00:00:01 unless told otherwise. */
export function arp(fields: Partial<ArpHeader>): Layer {
  const senderMac = parseMac(fields.senderMac ?? "02:00:00:00:00:01");
  const senderIp = parseIpv4(fields.senderIp ?? "10.0.0.1");
  const targetMac = parseMac(fields.targetMac ?? "00:00:00:00:00:00");
  const targetIp = parseIpv4(fields.targetIp ?? "10.0.0.2");
  return {
    size: ARP_HEADER,
    etherType: EtherType.Arp,
    write: ({ bytes, view, at }) => {
      view.setUint16(at, field("hardwareType", fields.hardwareType ?? 1, 16));
      view.setUint16(at + 2, field("protocolType", fields.protocolType ?? EtherType.Ipv4, 16));
      view.setUint8(at + 4, 6);
      view.setUint8(at + 5, 4);
      view.setUint16(at + 6, field("operation", fields.operation ?? ArpOperation.Request, 16));
      bytes.set(senderMac, at + 8);
      bytes.set(senderIp, at + 14);
      bytes.set(targetMac, at + 18);
      bytes.set(targetIp, at + 24);
    },
  };
}
