/**
 * Installs what npm provides, if it is not there yet or the lock file has changed since. Everything
 * that a checkout runs begins here, so that a bare clone works with nothing but Node.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Runs a command in the checkout with its output shown; ends this process where it fails. */
export function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: "inherit", ...options });
  if (error !== undefined) {
    console.error(`wirebee: cannot run ${command}: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

export function setup() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    console.error(`wirebee needs Node 20.19 or later; this is ${process.versions.node}`);
    process.exit(1);
  }
  const installed = `${root}node_modules/.package-lock.json`;
  const wanted = `${root}package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  // No package of ours needs an install script: koffi's binaries come inside npm packages.
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
