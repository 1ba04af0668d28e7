/** What a machine sends and receives in a few seconds: addresses asked for, a name, a page, pings. */
export async function record(network, file) {
  const server = network.addHost("server", "02:00:00:00:00:01", ["192.0.2.1/24", "2001:db8::1/64"]);
  const client = network.addHost("client", "02:00:00:00:00:10", ["192.0.2.10/24", "2001:db8::10/64"]);
  server.startWebServer({ "index.html": 3000 });
  server.startNameServer("www.example.test,192.0.2.1,2001:db8::1");
  await network.ready();
  await network.record(server, file, { both: true }, () => {
    client.ip("neighbour", "flush", "dev", "eth0");
    client.run("ping", ["-c", "2", "-i", "0.2", "192.0.2.1"]);
    client.run("ping", ["-6", "-c", "2", "-i", "0.2", "2001:db8::1"]);
    client.run("dig", ["@192.0.2.1", "+short", "www.example.test"]);
    client.run("curl", ["-s", "-o", "/dev/null", "http://192.0.2.1/"]);
    client.run("curl", ["-s", "-o", "/dev/null", "http://[2001:db8::1]/"]);
  });
}
