/**
 * `npm test`: set-up, then every test. Says of each group of tests that was skipped why, and closes
 * with `N passed, N failed`. Arguments go to vitest: `npm test -- src/asm`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "./build.js";
import { installDebianPackages } from "./debian.js";
import { root, setup } from "./setup.js";

setup();
installDebianPackages();
// Tests of the command line run what users run.
build();

const folder = mkdtempSync(join(tmpdir(), "wirebee-test-"));
const report = join(folder, "report.json");
const { status } = spawnSync(
  "node",
  [
    "node_modules/vitest/vitest.mjs",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile=${report}`,
    ...process.argv.slice(2),
  ],
  { cwd: root, stdio: "inherit" },
);

/** Groups of skipped tests, whose titles say why (tests/needs.ts), with how many tests each has. */
function skippedGroups(result) {
  const groups = new Map();
  for (const file of result.testResults) {
    for (const test of file.assertionResults) {
      if (test.status === "passed" || test.status === "failed") continue;
      const title = test.ancestorTitles.find((each) => each.includes("(skipped: ")) ?? test.fullName;
      groups.set(title, (groups.get(title) ?? 0) + 1);
    }
  }
  return groups;
}

let failed = 1;
let line = "0 passed, 1 failed";
try {
  const result = JSON.parse(readFileSync(report, "utf8"));
  // A file that does not even load has no tests of its own to fail.
  const brokenFiles = result.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.every((test) => test.status !== "failed"),
  ).length;
  failed = result.numFailedTests + brokenFiles;
  line = `${result.numPassedTests} passed, ${failed} failed`;
  if (result.numPendingTests > 0) line += `, ${result.numPendingTests} skipped`;
  for (const [title, count] of skippedGroups(result)) console.log(`skipped: ${title}: ${count} tests`);
} catch (error) {
  console.error(`wirebee: the test runner left no report: ${error.message}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(line);
process.exit(failed > 0 ? 1 : (status ?? 1));
