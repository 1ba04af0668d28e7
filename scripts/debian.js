/**
 * Installs the Debian packages that tests use beyond Node, where this is root on Debian or Ubuntu and
 * something is missing. Elsewhere nothing is done: tests say themselves what they lack.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

/** What proves a package to be there: a command, or a file. */
const packages = [
  ["clang", "clang"],
  // The newest clang that objects are tried with, beside the distribution's own.
  ["clang-19", "clang-19"],
  ["llvm-19", "llvm-objdump-19"],
  ["libbpf-dev", "/usr/include/bpf/bpf_helpers.h"],
  ["bpftool", "bpftool"],
  ["iproute2", "ip"],
  ["tcpdump", "tcpdump"],
  ["tshark", "tshark"],
  // Objects that were not made for this project.
  ["xdp-tools", "xdp-filter"],
];
const SYSTEM_FOLDERS = ["/usr/sbin", "/sbin"];

function isThere(proof) {
  if (proof.startsWith("/")) return existsSync(proof);
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_FOLDERS];
  return folders.some((folder) => existsSync(join(folder, proof)));
}

function isDebian() {
  if (process.platform !== "linux" || !existsSync("/etc/os-release")) return false;
  return /^(ID|ID_LIKE)=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8"));
}

function apt(...args) {
  return spawnSync("apt-get", ["-qq", ...args], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
}

export function installDebianPackages() {
  const missing = packages.filter(([, proof]) => !isThere(proof)).map(([name]) => name);
  if (missing.length === 0 || process.getuid?.() !== 0 || !isDebian()) return;
  console.log(`installing ${missing.join(", ")}`);
  apt("update");
  // One by one: a release that lacks one of them still has the others.
  for (const name of missing) {
    const { status } = apt("install", "--yes", "--no-install-recommends", name);
    if (status !== 0) console.error(`wirebee: Debian's package ${name} could not be installed`);
  }
}
