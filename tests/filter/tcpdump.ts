import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type PacketRecord, readCapture, type SockFilter } from "../../src/packet/index.js";
import { writeFrames } from "./captured-frames.js";

/** What tcpdump makes of an expression: programs with and without its optimiser, or why it refuses it. */
export interface TcpdumpAnswer {
  readonly optimized: SockFilter[] | string;
  readonly plain: SockFilter[] | string;
}

/** Shells that run tcpdump at a time; each program takes it some milliseconds. */
const SHELLS = 2;

/** tcpdump with a folder of its own for captures and expressions. */
export class Tcpdump implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "wirebee-filter-"));
  readonly #frames: string;
  readonly #none: string;
  #batches = 0;

  private constructor() {
    this.#frames = join(this.#folder, "frames.pcap");
    this.#none = join(this.#folder, "none.pcap");
  }

  static async open(frames: readonly PacketRecord[]): Promise<Tcpdump> {
    const tcpdump = new Tcpdump();
    await writeFrames(tcpdump.#frames, frames);
    await writeFrames(tcpdump.#none, []);
    return tcpdump;
  }

  /** The programs of expressions. */
  async compile(expressions: readonly string[]): Promise<TcpdumpAnswer[]> {
    const folder = await this.#run(expressions, [
      `tcpdump -ddd -r '${this.#none}' -F "$1" >"$1.optimized" 2>&1`,
      `tcpdump -O -ddd -r '${this.#none}' -F "$1" >"$1.plain" 2>&1`,
    ]);
    const answer = (name: string) => parseAnswer(readFileSync(join(folder, name), "utf8"));
    return expressions.map((_, i) => ({ optimized: answer(`${i}.optimized`), plain: answer(`${i}.plain`) }));
  }

  /** Numbers of the frames that `tcpdump -r` selects; undefined where it refuses the expression. */
  async select(expressions: readonly string[]): Promise<(number[] | undefined)[]> {
    const folder = await this.#run(expressions, [
      `tcpdump -r '${this.#frames}' -w "$1.pcap" -F "$1" 2>"$1.error" || rm -f "$1.pcap"`,
    ]);
    return expressions.map((_, i) => {
      try {
        return secondsOf(readFileSync(join(folder, `${i}.pcap`)));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
    });
  }

  /** The text of `tcpdump -d`. */
  async disassemble(expressions: readonly string[]): Promise<string[][]> {
    const folder = await this.#run(expressions, [
      `tcpdump -d -r '${this.#none}' -F "$1" >"$1.text" 2>"$1.error"`,
    ]);
    return expressions.map((_, i) =>
      readFileSync(join(folder, `${i}.text`), "utf8")
        .split("\n")
        .filter((line) => line !== ""),
    );
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Runs commands for every expression, whose file is "$1", in a few shells; returns the files' folder. */
  async #run(expressions: readonly string[], commands: readonly string[]): Promise<string> {
    const folder = join(this.#folder, String(this.#batches++));
    mkdirSync(folder);
    for (const [i, expression] of expressions.entries()) writeFileSync(join(folder, String(i)), expression);
    const script = `set -- "${folder}/$i"\n${commands.join("\n")}`;
    const shell = (first: number): Promise<void> =>
      new Promise((resolve, reject) => {
        const loop = `i=${first}; while [ $i -lt ${expressions.length} ]; do\n${script}\ni=$((i + ${SHELLS})); done`;
        const child = spawn("sh", ["-c", loop], { stdio: "ignore", timeout: 110_000 });
        child.on("error", reject);
        child.on("close", (code) => {
          if (code === null) reject(new Error("tcpdump took more than 110 s"));
          else resolve();
        });
      });
    await Promise.all(Array.from({ length: SHELLS }, (_, first) => shell(first)));
    return folder;
  }
}

/** `tcpdump -ddd`: a line with the count, and one of four decimal numbers for each instruction. */
function parseAnswer(output: string): SockFilter[] | string {
  const lines = output.split("\n").filter((line) => line !== "" && !/^(reading from|Warning:)/.test(line));
  if (!/^\d+$/.test(lines[0] ?? "")) return lines.join(" ").replace(/^tcpdump: /, "");
  return lines.slice(1).map((line) => {
    const [code, jt, jf, k] = line.split(" ").map(Number);
    return { code, jt, jf, k };
  });
}

function secondsOf(file: Uint8Array): number[] {
  const seconds: number[] = [];
  for (const reader = readCapture(file); reader.next(); ) seconds.push(reader.packet.seconds);
  return seconds;
}
