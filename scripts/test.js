/**
 * `npm test`: set-up, then every test. Prints one line for each test file with its count, and
 * closes with `N passed, N failed`. Arguments go to vitest: `npm test -- src/asm`.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, setup } from "./setup.js";

setup();
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
} catch (error) {
  console.error(`wirebee: the test runner left no report: ${error.message}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(line);
process.exit(failed > 0 ? 1 : (status ?? 1));
