/**
 * Machines for a recording: network namespaces with devices of their own, joined by a bridge in one
 * more namespace. Nothing of it touches the namespace that this process runs in, and all of it is gone
 * when it is closed.
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** No command of a recording runs for longer, in seconds. */
const LONGEST = 30;

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One machine: a namespace with eth0, whose other end is a port of the switch. */
export class Host {
  constructor(network, name, mac) {
    this.network = network;
    this.name = name;
    this.mac = mac;
    this.namespace = `${network.prefix}-${name}`;
  }

  /** Runs a command to its end. A client that gets no answer is part of a recording, hence `mayFail`. */
  run(command, args, { mayFail = false } = {}) {
    try {
      const all = ["netns", "exec", this.namespace, "timeout", String(LONGEST), command, ...args];
      return execFileSync("ip", all, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
      if (mayFail) return "";
      throw new Error(`${this.name}: ${command} ${args.join(" ")}: ${error.stderr || error.message}`);
    }
  }

  try(command, ...args) {
    return this.run(command, args, { mayFail: true });
  }

  ip(...args) {
    return this.run("ip", args);
  }

  address(address, device = "eth0") {
    this.ip("address", "add", address, "dev", device, ...(address.includes(":") ? ["nodad"] : []));
  }

  /** Starts a server; it ends with the network. */
  start(command, ...args) {
    const all = ["netns", "exec", this.namespace, command, ...args];
    const child = spawn("ip", all, { stdio: "ignore" });
    this.network.children.push(child);
    return child;
  }

  /** nginx on ports 80 and 8080, with files of the given sizes by name. */
  startWebServer(files) {
    const folder = this.network.folder(`web-${this.name}`);
    for (const [name, size] of Object.entries(files)) writeFileSync(join(folder, name), "x".repeat(size));
    const config = join(folder, "nginx.conf");
    writeFileSync(
      config,
      `daemon off; master_process off; user root; pid ${folder}/pid; error_log ${folder}/errors;
       events {} http { access_log off; root ${folder}; client_body_temp_path ${folder};
       server { listen 80; listen [::]:80; listen 8080; listen [::]:8080; add_header X-Backend ${this.name}; } }`,
    );
    this.start("nginx", "-e", join(folder, "errors"), "-p", folder, "-c", config);
  }

  /** dnsmasq, which knows one name. */
  startNameServer(...records) {
    this.start(
      "dnsmasq",
      ...["--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--user=root"],
      ...["--pid-file=", "--interface=eth0", "--bind-interfaces", "--except-interface=lo"],
      ...records.map((record) => `--host-record=${record}`),
    );
  }
}

/** A switch and the machines on it. */
export class Network {
  prefix = `wirebee-${process.pid}`;
  children = [];
  hosts = [];
  #folders = [];

  constructor() {
    this.switch = new Host(this, "switch");
    execFileSync("ip", ["netns", "add", this.switch.namespace]);
    // A switch has nothing to say of its own.
    this.switch.run("sysctl", ["-qw", "net.ipv6.conf.default.disable_ipv6=1"]);
    this.switch.run("sysctl", ["-qw", "net.ipv6.conf.all.disable_ipv6=1"]);
    this.switch.ip("link", "add", "bridge", "type", "bridge", "mcast_snooping", "0");
    this.switch.ip("link", "set", "bridge", "up");
  }

  folder(name) {
    const folder = mkdtempSync(join(tmpdir(), `wirebee-${name}-`));
    this.#folders.push(folder);
    return folder;
  }

  /** A machine with its addresses. Checksums and segments are real: no offload makes them up later. */
  addHost(name, mac, addresses) {
    const host = new Host(this, name, mac);
    execFileSync("ip", ["netns", "add", host.namespace]);
    this.hosts.push(host);
    this.switch.ip(...["link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", host.namespace]);
    this.switch.ip("link", "set", name, "master", "bridge", "up");
    host.ip("link", "set", "eth0", "address", mac, "up");
    const off = ["rx", "tx", "sg", "tso", "gso", "gro", "rxvlan", "txvlan"].flatMap((what) => [what, "off"]);
    this.switch.run("ethtool", ["-K", name, ...off]);
    host.run("ethtool", ["-K", "eth0", ...off]);
    for (const address of addresses) host.address(address);
    return host;
  }

  /** Waits until servers listen and links have settled. */
  async ready() {
    await sleep(1500);
  }

  /**
   * Records what goes out of the switch to a host (and comes back, where `both` says so), while `traffic`
   * runs.
   */
  async record(host, file, { both = false }, traffic) {
    const direction = both ? "inout" : "out";
    const args = ["-i", host.name, "-Q", direction, "-s", "0", "--immediate-mode", "-U", "-w", file];
    const tcpdump = spawn("ip", ["netns", "exec", this.switch.namespace, "tcpdump", ...args], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.children.push(tcpdump);
    await new Promise((resolve) => tcpdump.stderr.once("data", resolve));
    await sleep(500);
    await traffic();
    // What is still on its way is part of it.
    await sleep(500);
    const ended = new Promise((resolve) => tcpdump.once("exit", resolve));
    tcpdump.kill("SIGINT");
    await ended;
  }

  async close() {
    for (const child of this.children) child.kill("SIGTERM");
    await sleep(300);
    for (const host of [...this.hosts, this.switch]) {
      // Whatever a server left running in a namespace ends with it.
      const pids = execFileSync("ip", ["netns", "pids", host.namespace], { encoding: "utf8" });
      for (const pid of pids.split("\n").filter((line) => line !== "")) process.kill(Number(pid), "SIGKILL");
      execFileSync("ip", ["netns", "delete", host.namespace]);
    }
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}
