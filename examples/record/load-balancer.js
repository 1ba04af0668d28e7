/**
 * What comes to a balancer that is at work: its program runs in Linux meanwhile, so that connections go
 * through it from end to end. Clients and backends are on one switch, in different networks; see
 * examples/load-balancer/README.md.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fillMaps, readMapContents } from "../../dist/cli/map-contents.js";
import { pinPrograms } from "./pinned-program.js";

export async function record(network, file, example) {
  const balancer = network.addHost("balancer", "02:00:00:00:00:01", ["192.0.2.1/24", "2001:db8::1/64"]);
  balancer.address("192.0.2.100/32");
  balancer.address("2001:db8::100/128");
  balancer.ip("route", "add", "198.51.100.0/24", "dev", "eth0");
  balancer.ip("route", "add", "2001:db8:c::/64", "dev", "eth0");
  const client = network.addHost("client", "02:00:00:00:00:10", ["198.51.100.10/24", "2001:db8:c::10/64"]);
  client.ip("route", "add", "192.0.2.0/24", "dev", "eth0");
  client.ip("route", "add", "2001:db8::/64", "dev", "eth0");
  for (const number of [1, 2]) {
    const backend = network.addHost(`backend${number}`, `02:00:00:00:00:2${number}`, [
      ...[`192.0.2.2${number}/24`, `2001:db8::2${number}/64`],
    ]);
    backend.ip("route", "add", "default", "via", "192.0.2.1");
    backend.ip("-6", "route", "add", "default", "via", "2001:db8::1");
    backend.startWebServer({ "index.html": 2000 });
    backend.startNameServer("www.example.test,192.0.2.100,2001:db8::100");
  }
  await network.ready();

  const object = readFileSync(join(example, "load-balancer.bpf.o"));
  const pinned = await pinPrograms(object, network.folder("pins"));
  try {
    const maps = join(example, "maps.json");
    fillMaps(pinned.loaded, readMapContents(maps), maps);
    balancer.ip("link", "set", "dev", "eth0", "xdpgeneric", "pinned", pinned.path("balance"));
    await network.record(balancer, file, { both: false }, () => {
      const get = (url) => client.run("curl", ["-s", "-m", "5", "-o", "/dev/null", url]);
      for (let i = 0; i < 4; i++) get("http://192.0.2.100/");
      for (let i = 0; i < 4; i++) get("http://[2001:db8::100]/");
      for (let i = 0; i < 3; i++) client.run("dig", ["+time=2", "@192.0.2.100", "www.example.test"]);
      client.run("dig", ["+time=2", "@2001:db8::100", "www.example.test", "AAAA"]);
      // Nobody listens behind this service: backends answer with ICMP errors, which the client must get.
      client.try("dig", "+time=1", "+tries=1", "-p", "5353", "@192.0.2.100", "www.example.test");
      client.try("dig", "+time=1", "+tries=1", "-p", "5353", "@2001:db8::100", "www.example.test");
      // Left to the balancer's own stack: pings, fragments, ports that are no service.
      client.run("ping", ["-c", "2", "-i", "0.2", "192.0.2.100"]);
      client.run("ping", ["-6", "-c", "1", "2001:db8::100"]);
      client.run("ping", ["-c", "1", "-s", "3000", "192.0.2.100"]);
      client.try("nc", "-n", "-z", "-w", "1", "192.0.2.100", "22");
    });
    balancer.ip("link", "set", "dev", "eth0", "xdpgeneric", "off");
  } finally {
    await pinned.close();
  }
}
