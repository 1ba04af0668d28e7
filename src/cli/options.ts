import { InvalidArgumentError, Option } from "commander";
import { SyntaxProblem } from "../errors.js";

/** Gathers an option that may be given several times. */
export function collected(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Reads an integer within bounds, decimal or 0x. */
export function integer(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^(0x[0-9a-f]+|-?\d+)$/i.test(text) ? Number(text) : Number.NaN;
    if (Number.isNaN(value)) throw new InvalidArgumentError("It is not an integer.");
    if (value < least || value > most) throw new InvalidArgumentError(`It must be ${least} to ${most}.`);
    return value;
  };
}

export const jsonOption = (): Option => new Option("-j, --json", "print JSON");

/** Which kernel does the work. */
export type KernelChoice = "user" | "linux";

export const kernelOption = (): Option =>
  new Option("--on <user|linux>", "the kernel that does it: ours, without root, or Linux")
    .choices(["user", "linux"] satisfies KernelChoice[])
    .default("user");

/** The same for maps that must outlive a command: Linux's, which is to be said. */
export const linuxOption = (): Option =>
  new Option("--on <linux>", "whose maps: those of the user-space kernel end with their command")
    .choices(["user", "linux"] satisfies KernelChoice[])
    .default("user");

/** Refuses the user-space kernel for what only a kernel that outlives the command can do. */
export function requireLinux(kernel: KernelChoice): void {
  if (kernel === "linux") return;
  throw new SyntaxProblem(
    "maps of the user-space kernel end with the command that made them: say --on linux",
  );
}
