/**
 * What comes to a server from clients that mean well, from some that do not, and from addresses that its
 * firewall knows: see examples/firewall/maps.json.
 */
import { fileURLToPath } from "node:url";
import { compile } from "../../dist/compile/index.js";
import { pinPrograms } from "./pinned-program.js";

export async function record(network, file) {
  const server = network.addHost("server", "02:00:00:00:00:01", ["192.0.2.1/24", "2001:db8::1/64"]);
  const client = network.addHost("client", "02:00:00:00:00:10", [
    ...["192.0.2.10/24", "192.0.2.66/24", "198.51.100.9/24", "198.51.100.42/24"],
    ...["2001:db8::10/64", "2001:db8:bad::5/64"],
  ]);
  server.ip("route", "add", "198.51.100.0/24", "dev", "eth0");
  server.ip("route", "add", "2001:db8:bad::/64", "dev", "eth0");
  server.address("203.0.113.1/24");
  client.address("203.0.113.10/24");
  const vlan = fileURLToPath(new URL("vlan.bpf.c", import.meta.url));
  const pinned = await pinPrograms(compile(vlan).object, network.folder("pins"));
  try {
    for (const host of [server, client]) {
      host.run("tc", ["qdisc", "add", "dev", "eth0", "clsact"]);
      for (const [direction, name] of [
        ["ingress", "untag"],
        ["egress", "tag"],
      ]) {
        const program = ["bpf", "direct-action", "pinned", pinned.path(name)];
        host.run("tc", ["filter", "add", "dev", "eth0", direction, ...program]);
      }
    }
  } finally {
    await pinned.close();
  }
  server.startWebServer({ "index.html": 600, "large.html": 20_000 });
  server.startNameServer("www.example.test,192.0.2.1,2001:db8::1");
  server.start("iperf3", "--server", "--port", "5201");
  await network.ready();

  const curl = (...args) => client.try("curl", "-s", "-m", "2", "-o", "/dev/null", ...args);
  await network.record(server, file, { both: false }, () => {
    client.ip("neighbour", "flush", "dev", "eth0");
    client.run("ping", ["-c", "3", "-i", "0.2", "-I", "192.0.2.10", "192.0.2.1"]);
    client.run("ping", ["-6", "-c", "3", "-i", "0.2", "-I", "2001:db8::10", "2001:db8::1"]);
    // Fragments: the MTU is 1500.
    client.run("ping", ["-c", "2", "-i", "0.2", "-s", "4000", "-I", "192.0.2.10", "192.0.2.1"]);
    client.run("ping", ["-6", "-c", "1", "-s", "4000", "-I", "2001:db8::10", "2001:db8::1"]);
    curl("--interface", "192.0.2.10", "http://192.0.2.1/large.html");
    curl("--interface", "2001:db8::10", "http://[2001:db8::1]/");
    curl("http://203.0.113.1/");
    client.run("ping", ["-c", "2", "-i", "0.2", "203.0.113.1"]);
    client.run("dig", ["-b", "192.0.2.10", "@192.0.2.1", "www.example.test"]);
    client.run("dig", ["-b", "2001:db8::10", "@2001:db8::1", "www.example.test", "AAAA"]);
    client.run("dig", ["-b", "192.0.2.10", "@192.0.2.1", "+tcp", "www.example.test"]);
    client.run("iperf3", ["-c", "192.0.2.1", "-B", "192.0.2.10", "-n", "24K", "-l", "4K"]);
    client.run("iperf3", ["-c", "192.0.2.1", "-B", "192.0.2.10", "-u", "-b", "1M", "-n", "8K", "-l", "1000"]);
    // A port scan, and a service that is not for everyone.
    client.try("nc", "-n", "-z", "-w", "1", "-s", "192.0.2.10", "192.0.2.1", "20-29");
    client.try("nc", "-n", "-z", "-w", "1", "-s", "2001:db8::10", "2001:db8::1", "23");
    // Sources that are blocked, and one that is let through within a blocked prefix.
    client.try("ping", "-c", "2", "-i", "0.2", "-W", "1", "-I", "192.0.2.66", "192.0.2.1");
    curl("--interface", "192.0.2.66", "http://192.0.2.1/");
    curl("--interface", "198.51.100.9", "http://192.0.2.1/");
    curl("--interface", "198.51.100.42", "http://192.0.2.1/");
    client.try("nc", "-n", "-z", "-w", "1", "-s", "198.51.100.42", "192.0.2.1", "23");
    curl("-6", "--interface", "2001:db8:bad::5", "http://[2001:db8::1]/");
    // A flood: as fast as ping may, thirty of them.
    client.run("ping", ["-c", "30", "-i", "0.002", "-I", "192.0.2.10", "192.0.2.1"]);
  });
}
