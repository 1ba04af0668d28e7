import { chmodSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { MissingToolError } from "../errors.js";
import { findClang } from "./clang.js";
import { compile } from "./compile.js";
import { PASS, testFolder } from "./fixtures.oracle.js";

const file = testFolder();
afterEach(() => vi.unstubAllEnvs());

/** A script that says it is a clang of that version. */
function fakeClang(name: string, version: string, targets = "bpfel - BPF (little endian)"): string {
  const path = file(
    name,
    `#!/bin/sh\ncase "$1" in\n--version) echo "${version}" ;;\n-print-targets) echo "    ${targets}" ;;\n*) exit 1 ;;\nesac\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

function refusal(action: () => unknown): MissingToolError {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(MissingToolError);
    return error as MissingToolError;
  }
  throw new Error("a clang was found");
}

describe("no clang", () => {
  test("is an error that says how to get one, in one line", () => {
    vi.stubEnv("PATH", file("nothing"));
    vi.stubEnv("WIREBEE_CLANG", "");
    const error = refusal(() => findClang());
    expect(error.message).toMatch(/^there is no clang; compiling C needs one: .*install/);
    expect(error.message).not.toContain("\n");
    expect(error.feature).toBe("clang");
    expect(refusal(() => compile(file("pass.c", PASS))).message).toBe(error.message);
  });

  test("of the name that was asked for", () => {
    expect(refusal(() => findClang("/nowhere/clang")).message).toMatch(/^\/nowhere\/clang is no clang;/);
    vi.stubEnv("WIREBEE_CLANG", "/nowhere/else");
    expect(refusal(() => findClang()).message).toMatch(/^\/nowhere\/else is no clang;/);
  });
});

describeWith(["command sh"], "a clang", () => {
  test("that is too old is refused with its version", () => {
    const path = fakeClang("old", "Debian clang version 11.0.1-2");
    expect(refusal(() => findClang(path)).message).toContain(
      `${path} is version 11.0.1: 14 or later is needed`,
    );
  });

  test("without BPF is refused", () => {
    const path = fakeClang(
      "apple",
      "Apple clang version 15.0.0 (clang-1500.3.9.4)",
      "arm64 - ARM64 (little endian)",
    );
    expect(refusal(() => findClang(path)).message).toContain(`${path} cannot make BPF code`);
  });

  test("that will not do makes place for the next on the PATH", () => {
    fakeClang("path/clang", "Apple clang version 15.0.0", "arm64 - ARM64");
    fakeClang("path/clang-15", "clang version 15.0.6");
    fakeClang("path/clang-14", "clang version 14.0.6");
    vi.stubEnv("PATH", dirname(file("path/clang")));
    vi.stubEnv("WIREBEE_CLANG", "");
    expect(findClang()).toEqual({ path: "clang-15", version: "15.0.6", major: 15 });
  });

  test("may be named by the environment", () => {
    const path = fakeClang("mine", "clang version 17.0.1");
    vi.stubEnv("WIREBEE_CLANG", path);
    expect(findClang()).toEqual({ path, version: "17.0.1", major: 17 });
  });
});
