import { NotSupportedError, VerifierError } from "../errors.js";
import { callableHelpers, type Helper, helperPrototype, type Kfunc } from "../helpers/index.js";
import type { ProgramSpec } from "../object/index.js";

/** Licences with which a program may call what the kernel exports to GPL code (include/linux/license.h). */
const GPL_COMPATIBLE = [
  "GPL",
  "GPL v2",
  "GPL and additional rights",
  "Dual BSD/GPL",
  "Dual MIT/GPL",
  "Dual MPL/GPL",
];

export function isGplCompatible(license: string): boolean {
  return GPL_COMPATIBLE.includes(license);
}

/**
 * Checks that a program may call a helper, in Linux's words (kernel/bpf/verifier.c, check_helper_call).
 * Throws VerifierError.
 */
export function checkHelper(program: ProgramSpec, slot: number, helper: Helper, license: string): void {
  const refuse = (reason: string): never => {
    throw new VerifierError(program.name, reason, { slot });
  };
  if (callableHelpers(program.type)?.has(helper.id) !== true) {
    refuse(`program of this type cannot use helper ${helper.name}#${helper.id}`);
  }
  const { isGplOnly, mightSleep } = helperPrototype(helper, program.type);
  if (isGplOnly && !isGplCompatible(license)) {
    refuse("cannot call GPL-restricted function from non-GPL compatible program");
  }
  if (mightSleep && !program.isSleepable) refuse("helper call might sleep in a non-sleepable prog");
}

/** Kfuncs that read what a network card says of a packet: for programs that are bound to its device. */
const DEVICE_BOUND = /^bpf_xdp_metadata_rx_/;

/**
 * Checks that a program may call a kfunc, in Linux's words (kernel/bpf/verifier.c, check_kfunc_call).
 * Throws VerifierError.
 */
export function checkKfunc(program: ProgramSpec, slot: number, kfunc: Kfunc, license: string): void {
  const refuse = (reason: string): never => {
    throw new VerifierError(program.name, reason, { slot });
  };
  if (!isGplCompatible(license)) refuse("cannot call kernel function from non-GPL compatible program");
  if (DEVICE_BOUND.test(kfunc.name)) refuse("metadata kfuncs require device-bound program");
  if (!kfunc.types.includes(program.type)) refuse(`calling kernel function ${kfunc.name} is not allowed`);
  if (kfunc.flags.includes("SLEEPABLE") && !program.isSleepable) {
    refuse(`program must be sleepable to call sleepable kfunc ${kfunc.name}`);
  }
}

/** Refuses by name what Linux would let a program call, but this kernel does not have. */
export function refuseMissing(
  program: ProgramSpec,
  slot: number,
  what: "helper" | "kernel function",
  name: string,
): never {
  throw new NotSupportedError(
    `${what} ${name}`,
    `program ${program.name}, instruction ${slot}: the user-space kernel does not have ${name}`,
  );
}
