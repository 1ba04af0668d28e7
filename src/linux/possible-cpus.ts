import { readFileSync } from "node:fs";
import { NotSupportedError } from "../errors.js";

const FILE = "/sys/devices/system/cpu/possible";
let known: number | undefined;

/** How many CPUs the machine may have: per-CPU values have as many copies (libbpf_num_possible_cpus). */
export function possibleCpus(): number {
  known ??= count(read());
  return known;
}

function read(): string {
  try {
    return readFileSync(FILE, "utf8");
  } catch (cause) {
    throw new NotSupportedError("possible CPUs", `${FILE} is not readable: is /sys mounted?`, { cause });
  }
}

/** "0-3,8": the CPUs of a list of ranges. */
function count(list: string): number {
  return list
    .trim()
    .split(",")
    .reduce((sum, range) => {
      const [from, to = from] = range.split("-").map(Number);
      return sum + to - from + 1;
    }, 0);
}
