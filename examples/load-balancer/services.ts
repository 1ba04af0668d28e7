import type { Backend, Service } from "./configuration.js";

const mac = (number: number) => `02:00:00:00:00:2${number}`;
const backends = (network: string, port?: number): Backend[] =>
  [1, 2].map((number) => ({
    address: `${network}2${number}`,
    mac: mac(number),
    ...(port === undefined ? {} : { port }),
  }));

/** The services of this example's capture: HTTP on another port than clients know, and DNS. */
export const services: readonly Service[] = [
  { address: "192.0.2.100", port: 80, protocol: "tcp", backends: backends("192.0.2.", 8080) },
  { address: "2001:db8::100", port: 80, protocol: "tcp", backends: backends("2001:db8::", 8080) },
  { address: "192.0.2.100", port: 53, protocol: "udp", backends: backends("192.0.2.") },
  { address: "2001:db8::100", port: 53, protocol: "udp", backends: backends("2001:db8::") },
  // Nobody listens here: backends answer with ICMP errors.
  { address: "192.0.2.100", port: 5353, protocol: "udp", backends: backends("192.0.2.") },
  { address: "2001:db8::100", port: 5353, protocol: "udp", backends: backends("2001:db8::") },
];
