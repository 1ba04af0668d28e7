import { spawnSync } from "node:child_process";
import { release } from "node:os";
import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { expectNothingOpen } from "./fixtures/left-behind.oracle.js";
import { probeLinux } from "./index.js";

test("what is not there has a reason, and what is there has none", () => {
  const { release: _release, ...findings } = probeLinux();
  for (const [name, finding] of Object.entries(findings)) {
    expect([name, finding.isMet || finding.reason.length > 0]).toEqual([name, true]);
  }
});

describeWith(["bpf"], "what Linux lets root do", () => {
  expectNothingOpen();

  test("programs are loaded, and BTF is read", () => {
    const facts = probeLinux();
    expect(facts.release).toBe(release());
    for (const name of ["root", "capBpf", "capNetAdmin", "programLoad", "vmlinuxBtf"] as const) {
      expect([name, facts[name]]).toEqual([name, { isMet: true }]);
    }
    const jit = spawnSync("sysctl", ["-n", "net.core.bpf_jit_enable"], { encoding: "utf8" }).stdout;
    expect(facts.jit.isMet).toBe(!jit.startsWith("0"));
  });
});

describeWith(["bpf"], "what Linux lets others do", () => {
  const NOBODY = 65534;

  test("without capabilities nothing is loaded, and each thing says why", () => {
    process.seteuid?.(NOBODY);
    try {
      expect(probeLinux()).toMatchObject({
        root: { isMet: false, reason: "needs root" },
        capBpf: { isMet: false, reason: "needs CAP_BPF, which root has" },
        capNetAdmin: { isMet: false, reason: "needs CAP_NET_ADMIN, which root has" },
        programLoad: { isMet: false, reason: expect.stringMatching(/BPF_PROG_LOAD: EPERM/) },
        vmlinuxBtf: { isMet: true },
      });
    } finally {
      process.seteuid?.(0);
    }
  });
});
