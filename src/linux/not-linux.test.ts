import { afterAll, beforeAll, expect, test } from "vitest";
import { NotSupportedError } from "../errors.js";
import { openLinuxKernel, openMap, probeLinux } from "./index.js";

const { platform } = process;

beforeAll(() => {
  Object.defineProperty(process, "platform", { value: "darwin" });
});
afterAll(() => {
  Object.defineProperty(process, "platform", { value: platform });
});

test.each([
  ["a kernel", () => openLinuxKernel()],
  ["a map", () => openMap({ id: 1 })],
])("elsewhere than on Linux %s is refused by name", (_what, open) => {
  expect(open).toThrow(NotSupportedError);
  expect(open).toThrow("the Linux kernel is not to be had on darwin");
});

test("elsewhere than on Linux nothing is there, and everything says why", () => {
  const { release, ...findings } = probeLinux();
  expect(release).toBeUndefined();
  for (const finding of Object.values(findings)) {
    expect(finding).toEqual({ isMet: false, reason: "needs Linux; this is darwin" });
  }
});
