import { type DissectedLayer, dissect } from "../dissect.js";
import { ArpOperation } from "../header/index.js";

const TCP_FLAGS = ["F", "S", "R", "P", ".", "U", "E", "W"] as const;

/**
 * A packet in one line, in the manner of tcpdump -n: "IP 10.0.0.1.1234 > 10.0.0.2.53: UDP, length 30".
 * Never throws: what is cut or damaged is shown as "[|tcp]".
 */
export function summarize(frame: Uint8Array): string {
  const { layers, payloadAt, payloadEnd, broken } = dissect(frame);
  const [ethernet] = layers;
  if (ethernet?.name !== "ethernet") return "[|ether]";
  const rest = layers.slice(1);
  const payload = Math.max(0, payloadEnd - payloadAt);
  const cut = broken === undefined ? "" : ` [|${broken}]`;
  const vlans = rest.filter((layer) => layer.name === "vlan").map((layer) => `vlan ${layer.header.id}, `);
  const above = rest.filter((layer) => layer.name !== "vlan");
  if (above.length === 0) {
    const { source, destination, etherType } = ethernet.header;
    const type = etherType.toString(16).padStart(4, "0");
    return `${vlans.join("")}${source} > ${destination}, ethertype 0x${type}, length ${frame.length}${cut}`;
  }
  return `${vlans.join("")}${describe(above, payload)}${cut}`;
}

/** The first network header, what it carries, and whatever is tunnelled in it. */
function describe(layers: readonly DissectedLayer[], payload: number): string {
  const [first, ...others] = layers;
  switch (first.name) {
    case "arp":
      return `ARP, ${arp(first.header)}`;
    case "ipv4": {
      const { source, destination, protocol, fragmentOffset } = first.header;
      const prefix = "IP";
      if (fragmentOffset > 0) {
        return `${prefix} ${source} > ${destination}: proto ${protocol}, fragment at ${fragmentOffset}`;
      }
      return `${prefix} ${transport(source, destination, others, payload, protocol)}`;
    }
    case "ipv6": {
      const { source, destination, nextHeader } = first.header;
      const inner = others.filter((layer) => layer.name !== "ipv6-extensions");
      return `IP6 ${transport(source, destination, inner, payload, nextHeader)}`;
    }
    default:
      return `${first.name}, length ${payload}`;
  }
}

function transport(
  source: string,
  destination: string,
  layers: readonly DissectedLayer[],
  payload: number,
  protocol: number,
): string {
  const [layer, ...inner] = layers;
  if (layer === undefined) return `${source} > ${destination}: ip-proto-${protocol} ${payload}`;
  switch (layer.name) {
    case "tcp": {
      const { sourcePort, destinationPort, flags } = layer.header;
      const names = TCP_FLAGS.filter((_, bit) => ((flags >> bit) & 1) === 1).join("") || "none";
      return `${source}.${sourcePort} > ${destination}.${destinationPort}: Flags [${names}], length ${payload}`;
    }
    case "udp": {
      const { sourcePort, destinationPort } = layer.header;
      const carried = inner.length === 0 ? `UDP, length ${payload}` : tunnelled(inner, payload);
      return `${source}.${sourcePort} > ${destination}.${destinationPort}: ${carried}`;
    }
    case "icmp":
    case "icmpv6": {
      const { type, code } = layer.header;
      const name = layer.name === "icmp" ? "ICMP" : "ICMP6";
      return `${source} > ${destination}: ${name} type ${type} code ${code}, length ${payload}`;
    }
    case "sctp":
      return `${source}.${layer.header.sourcePort} > ${destination}.${layer.header.destinationPort}: sctp`;
    case "ipv4":
    case "ipv6":
      return `${source} > ${destination}: ${describe(layers, payload)}`;
    default:
      return `${source} > ${destination}: ${tunnelled(layers, payload)}`;
  }
}

/** A tunnel's name and the packet in it. */
function tunnelled(layers: readonly DissectedLayer[], payload: number): string {
  const [tunnel, ...inner] = layers;
  const network = inner.filter((layer) => layer.name !== "ethernet" && layer.name !== "vlan");
  return network.length === 0
    ? `${tunnel.name}, length ${payload}`
    : `${tunnel.name}: ${describe(network, payload)}`;
}

function arp(header: Extract<DissectedLayer, { name: "arp" }>["header"]): string {
  const { operation, senderIp, senderMac, targetIp } = header;
  if (operation === ArpOperation.Request) return `Request who-has ${targetIp} tell ${senderIp}`;
  if (operation === ArpOperation.Reply) return `Reply ${senderIp} is-at ${senderMac}`;
  return `operation ${operation}`;
}
