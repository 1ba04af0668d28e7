import { spawnSync } from "node:child_process";
import { program as encodeProgram, insn } from "../../asm/index.js";
import { findClang } from "../../compile/index.js";
import { WirebeeError } from "../../errors.js";
import type { Io } from "../io.js";
import type { Finding } from "./finding.js";
import { linuxFindings } from "./linux-findings.js";
import { runsPrograms } from "./self-test.js";

const BASICS = "Everything";
const COMPILE = "C sources";
const TOOLS = "Beside wirebee";

/** Looks at what this machine has. */
export async function examine(env: Io["env"]): Promise<Finding[]> {
  return [node(), await userKernel(), clang(), ...(await linuxFindings()), ...tools(env)];
}

function node(): Finding {
  return {
    group: BASICS,
    name: "Node.js",
    isFine: true,
    isBasic: true,
    detail: `${process.versions.node}, ${process.platform} ${process.arch}`,
  };
}

/** The machine has room for the kernel's memory, and a program runs in it. */
async function userKernel(): Promise<Finding> {
  const finding = { group: BASICS, name: "user-space kernel", isBasic: true };
  try {
    await runsPrograms(encodeProgram(insn.mov64Imm(0, 2), insn.exit()));
    return { ...finding, isFine: true, detail: "runs programs, without root and on any system" };
  } catch (error) {
    if (!(error instanceof WirebeeError || error instanceof RangeError)) throw error;
    return {
      ...finding,
      isFine: false,
      detail: `does not run: ${error.message}`,
      remedy: "It needs WebAssembly and 4 GiB of address space: look at ulimit -v.",
    };
  }
}

function clang(): Finding {
  const finding = { group: COMPILE, name: "clang", isBasic: false };
  try {
    const { path, version } = findClang();
    return { ...finding, isFine: true, detail: `${version} (${path})` };
  } catch (error) {
    if (!(error instanceof WirebeeError)) throw error;
    return {
      ...finding,
      isFine: false,
      detail: error.message,
      remedy: "Objects that are compiled already need none.",
    };
  }
}

interface Tool {
  readonly name: string;
  readonly use: string;
  readonly packages: string;
}

const TOOLS_WANTED: readonly Tool[] = [
  { name: "tcpdump", use: "records captures to run programs on", packages: "tcpdump" },
  { name: "tshark", use: "reads the verdicts in what -w writes (so does Wireshark)", packages: "tshark" },
];

function tools(env: Io["env"]): Finding[] {
  return TOOLS_WANTED.map(({ name, use, packages }) => {
    const { status, stdout, stderr } = spawnSync(name, ["--version"], { encoding: "utf8", env });
    const isFine = status === 0;
    const version = isFine ? /\d+\.\d[\w.]*/.exec(`${stdout}${stderr}`)?.[0] : undefined;
    return {
      group: TOOLS,
      name,
      isFine,
      isBasic: false,
      detail: isFine ? `${version ?? "there"}: ${use}` : `not there: ${use}`,
      ...(isFine
        ? {}
        : { remedy: `apt-get install ${packages} (Debian, Ubuntu), dnf install ${packages} (Fedora)` }),
    };
  });
}
