import { PseudoCall, PseudoLd } from "../asm/index.js";
import { InstructionError, NotSupportedError, VerifierError } from "../errors.js";
import { helperById, kfuncByName } from "../helpers/index.js";
import type { BpfMap } from "../maps/index.js";
import { instantiate, POISON_HELPER, type ProgramSpec } from "../object/index.js";
import { ProgramType, programTypeName } from "../uapi/index.js";
import {
  decodeForExecution,
  type HelperFunction,
  helperImplementation,
  kfuncImplementation,
  type Resolver,
  Trap,
  type VmProgram,
} from "../vm/index.js";
import { checkHelper, checkKfunc, refuseMissing } from "./check-call.js";

/** Program types whose hooks are packets that the user-space kernel can give them. */
const RUNNABLE: readonly number[] = [
  ProgramType.Xdp,
  ProgramType.SchedCls,
  ProgramType.SchedAct,
  ProgramType.SocketFilter,
  ProgramType.CgroupSkb,
];

/** What a weak reference to a function of the kernel's compares with NULL: any address will do. */
const KERNEL_TEXT = 0xffffffff81000000n;

/** What loading needs of the kernel. */
export interface LoadEnvironment {
  /** The object's licence: some helpers are for GPL-compatible programs. */
  readonly license: string;
  /** The maps of the object by name, and of the kernel by file descriptor. */
  mapFd(name: string): number;
  mapByFd(fd: number): BpfMap | undefined;
  nextProgramId(): number;
}

/** Whether there is a hook for programs of this type. */
export function isRunnable({ type }: ProgramSpec): boolean {
  return RUNNABLE.includes(type);
}

/** Throws the NotSupportedError of a program of another type; `hint` ends the message. */
export function refuseType({ name, type, section }: ProgramSpec, hint = ""): never {
  const typeName = programTypeName(type);
  throw new NotSupportedError(
    `program type ${typeName}`,
    type === ProgramType.Unspec
      ? `program ${name}: section "${section}" does not say what type it is: set the program's type${hint}`
      : `program ${name}: the user-space kernel runs no programs of type ${typeName}${hint}`,
  );
}

/**
 * Makes a program runnable: references filled in, every instruction checked, every helper found.
 * Throws NotSupportedError for what the user-space kernel does not have, by name, and VerifierError
 * for code that no kernel would take.
 */
export function loadProgram(spec: ProgramSpec, environment: LoadEnvironment): VmProgram {
  if (!isRunnable(spec)) refuseType(spec);
  const kfuncs: string[] = [];
  const weak = new Set(
    spec.references.flatMap((each) => ("isWeak" in each && each.isWeak ? [each.name] : [])),
  );
  // A weak kfunc that this kernel lacks is absent, as in an older Linux; others are refused by name.
  const isThere = (name: string) =>
    kfuncImplementation(name) !== undefined || (kfuncByName(name) !== undefined && !weak.has(name));
  const code = instantiate(spec, {
    mapFd: (name) => environment.mapFd(name),
    kfunc: (name) => (isThere(name) ? { id: kfuncs.push(name) - 1, module: 0 } : undefined),
    ksym: (name) => (kfuncImplementation(name) === undefined ? undefined : { address: KERNEL_TEXT }),
  });
  const maps = new Set<BpfMap>();
  const resolver = new ProgramResolver(spec, environment, kfuncs, maps);
  try {
    const decoded = decodeForExecution(code, resolver);
    return new LoadedVmProgram(spec, environment.nextProgramId(), decoded, [...maps]);
  } catch (error) {
    if (!(error instanceof InstructionError)) throw error;
    throw new VerifierError(spec.name, error.message, error.slot === undefined ? {} : { slot: error.slot }, {
      cause: error,
    });
  }
}

/** Ends a run at what a program should not come to: what it was compiled for is not there. */
function unreachable(message: string): never {
  throw new Trap("invalid instruction", message);
}

class ProgramResolver implements Resolver {
  readonly #spec: ProgramSpec;
  readonly #environment: LoadEnvironment;
  readonly #kfuncs: readonly string[];
  readonly #maps: Set<BpfMap>;

  constructor(spec: ProgramSpec, environment: LoadEnvironment, kfuncs: readonly string[], maps: Set<BpfMap>) {
    this.#spec = spec;
    this.#environment = environment;
    this.#kfuncs = kfuncs;
    this.#maps = maps;
  }

  #refuse(slot: number, reason: string): never {
    throw new VerifierError(this.#spec.name, reason, { slot });
  }

  pseudoImmediate(slot: number, src: number, imm: number, nextImm: number): bigint {
    switch (src) {
      case PseudoLd.MapFd:
        return BigInt(this.#map(slot, imm).handle);
      case PseudoLd.MapValue: {
        const map = this.#map(slot, imm);
        const address = map.valueAddress(nextImm);
        if (address === 0) this.#refuse(slot, `map ${map.name} has no value at offset ${nextImm}`);
        return BigInt(address);
      }
      case PseudoLd.Func:
        return BigInt(slot + imm + 1);
      default:
        throw new NotSupportedError(
          "kernel variables",
          `program ${this.#spec.name}, instruction ${slot}: the user-space kernel has no variables of Linux`,
        );
    }
  }

  #map(slot: number, fd: number): BpfMap {
    const map = this.#environment.mapByFd(fd);
    if (map === undefined) this.#refuse(slot, `fd ${fd} is not pointing to valid bpf_map`);
    this.#maps.add(map);
    return map;
  }

  call(slot: number, src: number, imm: number): HelperFunction {
    const { license } = this.#environment;
    if (src === PseudoCall.Kfunc) {
      const name = this.#kfuncs[imm] ?? `#${imm}`;
      const kfunc = kfuncByName(name);
      if (kfunc !== undefined) checkKfunc(this.#spec, slot, kfunc, license);
      return kfuncImplementation(name) ?? refuseMissing(this.#spec, slot, "kernel function", name);
    }
    const helper = helperById(imm);
    // What CO-RE does not find in the kernel may stand where nobody comes.
    if (imm === POISON_HELPER) {
      return () => unreachable("a CO-RE relocation failed here: the kernel's types lack what is asked for");
    }
    // A weak kernel function that is missing: calling it is what must not happen.
    if (helper === undefined) {
      return this.#spec.references.some((reference) => reference.kind === "kfunc" && reference.slot === slot)
        ? () => unreachable("a call of a weak kernel function that is missing")
        : this.#refuse(slot, `invalid func unknown#${imm}`);
    }
    checkHelper(this.#spec, slot, helper, license);
    return helperImplementation(imm) ?? refuseMissing(this.#spec, slot, "helper", helper.name);
  }
}

class LoadedVmProgram implements VmProgram {
  readonly id: number;
  readonly name: string;
  readonly type: number;
  readonly expectedAttachType: number;
  readonly code: VmProgram["code"];
  readonly maps: readonly BpfMap[];
  #references = 1;

  constructor(spec: ProgramSpec, id: number, code: VmProgram["code"], maps: readonly BpfMap[]) {
    this.id = id;
    this.name = spec.name;
    this.type = spec.type;
    this.expectedAttachType = spec.attachType ?? 0;
    this.code = code;
    this.maps = maps;
    for (const map of maps) map.retain();
  }

  retain(): void {
    this.#references++;
  }

  release(): void {
    if (--this.#references === 0) for (const map of this.maps) map.release();
  }
}
