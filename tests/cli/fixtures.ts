import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { compile } from "../../src/compile/index.js";
import { tcpTo, udpTo, writePcap } from "./captures.js";

/** What the test programs are compiled with: one version, since golden files show its code. */
const COMPILER = "clang-19";
export const CLANG = `command ${COMPILER}` as const;

/** A folder for the files of one test file, gone afterwards. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "wirebee-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The source of a test program: "verdicts". */
export function sourceOf(name: string): string {
  return fileURLToPath(new URL(`programs/${name}.bpf.c`, import.meta.url));
}

/** Compiles a test program into a folder; the object's path. */
export function objectOf(name: string, folder: string): string {
  const path = join(folder, `${name}.bpf.o`);
  writeFileSync(path, compile(sourceOf(name), { clang: COMPILER, systemHeaders: false }).object);
  return path;
}

/** One packet for each thing that the test programs do: UDP to ports 1 to 16, and some others. */
export function everyPort(): Uint8Array[] {
  const ports = Array.from({ length: 16 }, (_, i) => udpTo(i + 1));
  return [...ports, tcpTo(80), udpTo(2), udpTo(5), udpTo(53, "x".repeat(200)), new Uint8Array(10)];
}

/** The capture of `everyPort`, in a folder. */
export function capture(folder: string): string {
  return writePcap(join(folder, "ports.pcap"), everyPort());
}

/** What is printed, with a folder's path taken out, to be compared with a golden file. */
export function withoutFolder(text: string, folder: string): string {
  return text.replaceAll(`${folder}/`, "");
}
