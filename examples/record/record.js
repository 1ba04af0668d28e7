/**
 * Records the captures of the examples anew: `node examples/record/record.js [NAME...]`, as root on Linux,
 * after a build. Needs iproute2, ethtool, tcpdump, curl, dig, ping, nc, iperf3, nginx and dnsmasq. Traffic
 * stays within network namespaces that are made for it.
 */
import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Network } from "./network.js";

const examples = fileURLToPath(new URL("..", import.meta.url));
const names = ["counter", "firewall", "load-balancer"];

const chosen = process.argv.length > 2 ? process.argv.slice(2) : names;
for (const name of chosen) {
  if (!names.includes(name))
    throw new Error(`there is no recording of ${name}: there are ${names.join(", ")}`);
  const { record } = await import(`./${name}.js`);
  const folder = mkdtempSync(join(tmpdir(), "wirebee-record-"));
  const network = new Network();
  try {
    const file = join(folder, `${name}.pcap`);
    await record(network, file, join(examples, name));
    copyFileSync(file, join(examples, name, `${name}.pcap`));
    console.log(`${name}.pcap: ${statSync(file).size} bytes`);
  } finally {
    await network.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
