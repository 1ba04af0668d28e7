import { type Instruction, program } from "../../../src/asm/index.js";
import { VerifierError } from "../../../src/errors.js";
import { readKernelConfig } from "../../../src/linux/kernel-config.js";
import { loadProgram } from "../../../src/linux/load-program.js";
import { Descriptor } from "../../../src/linux/sys/descriptor.js";

/** What Linux's verifier says of a program that it refuses; "" where it accepts. */
export function verifierSays(type: number, insns: readonly Instruction[], license = "GPL"): string {
  const load = { name: "tried", type, expectedAttachType: 0, code: program(...insns), license, flags: 0 };
  try {
    new Descriptor(loadProgram(load).fd, "program tried").close();
    return "";
  } catch (error) {
    if (error instanceof VerifierError) return error.log;
    throw error;
  }
}

const config = readKernelConfig().text;

/** Whether the running kernel was built with an option ("CONFIG_XFRM"); true where it does not tell. */
export function isOptionSet(option: string): boolean {
  return config === undefined || new RegExp(`^${option}=[ym]$`, "m").test(config);
}
