import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { type Clang, findClang } from "./clang.js";

/** A folder for the tests of one file, gone when they have run. */
export function testFolder(): (name: string, content?: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "wirebee-compile-test-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return (name, content) => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content !== undefined) writeFileSync(path, content);
    return path;
  };
}

/** The versions of clang that this machine has under their own names; `clang` where there is but that. */
export function installedClangs(): Clang[] {
  const versioned = [14, 15, 16, 17, 18, 19].map((major) => `clang-${major}`);
  const found = versioned.flatMap(clangOrNone);
  return found.length > 0 ? found : clangOrNone("clang");
}

function clangOrNone(name: string): Clang[] {
  try {
    return [findClang(name)];
  } catch {
    return [];
  }
}

/** The smallest program. */
export const PASS = `#include <wirebee/xdp.h>
SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
char _license[] SEC("license") = "GPL";
`;
