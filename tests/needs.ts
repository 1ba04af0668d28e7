import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, test } from "vitest";
import { type LinuxFacts, probeLinux } from "../src/linux/probe.js";

/**
 * What a test may need of its machine beyond Node. Tests that need something say so with
 * `describeWith`: where it is missing they are skipped with the reason in their title, which
 * `npm test` prints; with CI=true a missing tool fails instead (captures are data, not a tool).
 */
export type Need = "root" | "bpf" | "netns" | "captures" | Tool;

/** Commands by name; any of a list will do. */
type Tool = `command ${string}`;

/** A folder of captures to run over: $WIREBEE_PCAPS, or shared/pcaps beside the checkout. */
export function capturesFolder(): string {
  return process.env.WIREBEE_PCAPS ?? fileURLToPath(new URL("../../shared/pcaps", import.meta.url));
}

function commandExists(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));
}

let facts: LinuxFacts | undefined;

/** Why programs cannot be loaded: one is, into the kernel, to find out. */
function whyNoBpf(): string | undefined {
  facts ??= probeLinux();
  const missing = [facts.root, facts.programLoad, facts.vmlinuxBtf].find(({ isMet }) => !isMet);
  return missing === undefined || missing.isMet ? undefined : missing.reason;
}

/** Why a need is not met; undefined where it is. */
export function whyMissing(need: Need): string | undefined {
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  switch (need) {
    case "root":
      return isRoot ? undefined : "needs root on Linux";
    case "bpf":
      return whyNoBpf();
    case "netns": {
      if (!isRoot) return "needs root on Linux, to make network namespaces";
      const { status } = spawnSync("unshare", ["--net", "true"]);
      return status === 0 ? undefined : "needs leave to make network namespaces";
    }
    case "captures":
      return existsSync(capturesFolder()) ? undefined : `needs captures in ${capturesFolder()}`;
    default: {
      const names = need.slice("command ".length).split("|");
      return names.some(commandExists) ? undefined : `needs ${names.join(" or ")}`;
    }
  }
}

/**
 * `describe`, for tests that need something of the machine. The body is run to collect tests even where
 * they are skipped, so what it needs must be opened within the tests.
 */
export function describeWith(needs: readonly Need[], title: string, body: () => void): void {
  const missing = needs.map(whyMissing).find((reason) => reason !== undefined);
  if (missing === undefined) {
    describe(title, body);
  } else if (process.env.CI === "true" && !needs.includes("captures")) {
    test(title, () => {
      throw new Error(`CI runs every test, and this one ${missing}`);
    });
  } else {
    describe.skip(`${title} (skipped: ${missing})`, body);
  }
}
