import { maglevTable } from "./maglev.js";

/** A server behind the balancer. */
export interface Backend {
  readonly address: string;
  readonly mac: string;
  /** Left out where it listens on the service's own port. */
  readonly port?: number;
}

/** What clients connect to, and who serves it. */
export interface Service {
  readonly address: string;
  readonly port: number;
  readonly protocol: "tcp" | "udp";
  readonly backends: readonly Backend[];
}

interface Element {
  readonly key: unknown;
  readonly value: unknown;
}

const PROTOCOLS = { tcp: 6, udp: 17 } as const;

/** An IPv4 address as the IPv6 address that the program's maps have it as. */
export function mapped(address: string): string {
  return address.includes(":") ? address : `::ffff:${address}`;
}

/** What the program's maps must hold for these services; `tableSize` is its variable table_size. */
export function mapContents(services: readonly Service[], tableSize: number): Record<string, Element[]> {
  const numbers = new Map<string, number>();
  const backends: Element[] = [];
  const numberOf = ({ address, mac, port = 0 }: Backend): number => {
    const name = `${address} ${port}`;
    const known = numbers.get(name);
    if (known !== undefined) return known;
    const number = numbers.size + 1;
    numbers.set(name, number);
    backends.push({ key: number, value: { address: mapped(address), port, mac } });
    return number;
  };
  const maglev: Element[] = [];
  const served = services.map(({ address, port, protocol, backends: behind }, id) => {
    const named = behind.map((backend) => ({
      number: numberOf(backend),
      name: `${backend.address} ${backend.port ?? port}`,
    }));
    for (const [slot, number] of maglevTable(named, tableSize).entries()) {
      maglev.push({ key: id * tableSize + slot, value: number });
    }
    return { key: { address: mapped(address), port, protocol: PROTOCOLS[protocol] }, value: { id } };
  });
  return { services: served, backends, maglev };
}

/** The same as a file for `wirebee run --maps`: an element a line. */
export function mapsFile(contents: Record<string, readonly Element[]>): string {
  const maps = Object.entries(contents).map(([name, elements]) => {
    const lines = elements.map(
      (element) => `    ${JSON.stringify(element, null, 1).replaceAll(/\n */g, " ")}`,
    );
    return `  ${JSON.stringify(name)}: [\n${lines.join(",\n")}\n  ]`;
  });
  return `{\n${maps.join(",\n")}\n}\n`;
}
