import { swapCode } from "../asm/index.js";
import { KernelError, NotSupportedError } from "../errors.js";
import {
  CoreRelocator,
  chosenPrograms,
  instantiate,
  kernelName,
  type MapSpec,
  mapsOf,
  type ObjectSpec,
  type ProgramSpec,
  resolveKconfig,
  TypedMap,
} from "../object/index.js";
import { Errno, MapType, ProgramType } from "../uapi/index.js";
import { attachTarget } from "./attach-target.js";
import { type DebugRecords, debugRecords } from "./debug-info.js";
import type { KernelBtf } from "./kernel-btf.js";
import { readKernelConfig } from "./kernel-config.js";
import { KernelReferences } from "./kernel-references.js";
import { KernelSymbols } from "./kernel-symbols.js";
import type { LinuxLoadOptions } from "./linux-kernel.js";
import type { LinuxMap } from "./linux-map.js";
import { LinuxObject } from "./linux-object.js";
import { LinuxProgram } from "./linux-program.js";
import { loadBtfBytes } from "./load-btf.js";
import { loadMap } from "./load-map.js";
import { loadProgram, ProgFlag } from "./load-program.js";
import { prepareBtf } from "./prepare-btf.js";
import { Descriptor } from "./sys/descriptor.js";
import { isLittleEndian } from "./sys/libc.js";
import { nativeWord } from "./sys/native-word.js";
import type { TestRunner } from "./test-run.js";

/** What loading needs of the kernel's side. */
export interface LoadEnvironment {
  readonly kernel: KernelBtf;
  readonly runner: TestRunner;
  readonly pinPath: string;
}

/** Loads an object into Linux; closes what it has made where something is refused. */
export function loadObject(
  spec: ObjectSpec,
  environment: LoadEnvironment,
  options: LinuxLoadOptions,
  onClose: (object: LinuxObject) => void,
): LinuxObject {
  if (spec.littleEndian !== isLittleEndian) {
    const [has, wants] = isLittleEndian ? ["big", "little"] : ["little", "big"];
    throw new NotSupportedError(
      `${has}-endian objects`,
      `${spec.name} is ${has}-endian: this machine takes ${wants}-endian ones (clang -target bpf)`,
    );
  }
  const programs = chosenPrograms(spec, options.programs);
  const needed = options.programs === undefined ? undefined : mapsOf(spec, programs);
  const maps = spec.maps.filter(({ name, type, section }) => {
    // A map of a section that begins with "?" is made on demand, by who fills it.
    if (section.startsWith("?")) return false;
    return needed === undefined || needed.has(name) || type !== MapType.StructOps;
  });
  resolveKconfig(spec, readKernelConfig());
  const loader = new ObjectLoader(spec, environment, options);
  try {
    return loader.load(programs, maps, onClose);
  } catch (error) {
    loader.undo();
    throw error;
  } finally {
    loader.done();
  }
}

class ObjectLoader {
  readonly #spec: ObjectSpec;
  readonly #environment: LoadEnvironment;
  readonly #options: LinuxLoadOptions;
  readonly #maps = new Map<string, LinuxMap>();
  readonly #programs = new Map<string, LinuxProgram>();
  readonly #symbols = new KernelSymbols();
  #core: CoreRelocator | undefined;
  #btf: Descriptor | undefined;
  #btfRefusal: KernelError | undefined;

  constructor(spec: ObjectSpec, environment: LoadEnvironment, options: LinuxLoadOptions) {
    this.#spec = spec;
    this.#environment = environment;
    this.#options = options;
  }

  /** Closes what was made. */
  undo(): void {
    for (const program of this.#programs.values()) program.close();
    for (const map of this.#maps.values()) map.close();
  }

  /** Closes what loading alone needed. */
  done(): void {
    this.#btf?.close();
  }

  load(
    programs: readonly ProgramSpec[],
    maps: readonly MapSpec[],
    onClose: (object: LinuxObject) => void,
  ): LinuxObject {
    const spec = this.#spec;
    const debug = this.#loadBtf(programs);
    const typed = new Map<string, TypedMap>();
    for (const map of maps) {
      const raw = loadMap(map, {
        object: spec.name,
        btfFd: this.#btf?.fd,
        pinPath: this.#environment.pinPath,
      });
      this.#maps.set(map.name, raw);
      typed.set(map.name, new TypedMap(raw, map, spec.btf, spec.littleEndian));
    }
    for (const program of programs) this.#load(program, debug.get(program));
    this.#fillValues(maps);
    const parts = {
      programs: this.#programs,
      maps: typed,
      rawMaps: this.#maps,
      btfRefusal: this.#btfRefusal,
    };
    return new LinuxObject(spec, parts, onClose);
  }

  /** Loads the object's BTF, with every string that line information refers to. */
  #loadBtf(programs: readonly ProgramSpec[]): Map<ProgramSpec, DebugRecords> {
    const { btf } = this.#spec;
    const debug = new Map<ProgramSpec, DebugRecords>();
    if (btf === undefined) return debug;
    const image = prepareBtf(this.#spec, btf);
    for (const program of programs) debug.set(program, debugRecords(program, image));
    const { fd, refusal } = loadBtfBytes(image.toBytes());
    if (fd === undefined) this.#btfRefusal = refusal;
    else this.#btf = new Descriptor(fd, "BTF");
    return debug;
  }

  #load(program: ProgramSpec, debug: DebugRecords | undefined): void {
    if (program.type === ProgramType.Unspec) {
      throw new NotSupportedError(
        "program type UNSPEC",
        `program ${program.name}: section "${program.section}" does not say what type it is: name one`,
      );
    }
    const { kernel, runner } = this.#environment;
    const references = new KernelReferences(this.#spec, program, {
      kernel,
      symbols: this.#symbols,
      mapFd: (name) => this.#mapFd(name),
    });
    const code = instantiate({ ...program, code: this.#relocated(program) }, references);
    const { fd, log } = loadProgram(
      {
        name: kernelName(program.name),
        type: program.type,
        expectedAttachType: program.attachType ?? 0,
        code: isLittleEndian ? code : swapCode(code),
        license: this.#spec.license,
        flags: (program.isSleepable ? ProgFlag.Sleepable : 0) | (program.hasFrags ? ProgFlag.XdpHasFrags : 0),
        debug: this.#btf === undefined || debug === undefined ? undefined : { ...debug, btfFd: this.#btf.fd },
        target: attachTarget(program, kernel),
        moduleFds: references.moduleFds.length > 1 ? references.moduleFds : undefined,
      },
      this.#options.logLevel,
    );
    this.#programs.set(program.name, new LinuxProgram(fd, program, log, runner));
  }

  /** A program's code as CO-RE makes it for this kernel. */
  #relocated(program: ProgramSpec): Uint8Array {
    const { btf } = this.#spec;
    if (btf === undefined || program.coreRelocations.length === 0) return program.code;
    this.#core ??= new CoreRelocator(btf, this.#environment.kernel.coreTarget);
    return this.#core.relocate(program);
  }

  #mapFd(name: string): number {
    const map = this.#maps.get(name);
    if (map !== undefined) return map.fd;
    throw new NotSupportedError(`map ${name}`, `there is no map ${name} in the object`);
  }

  /** Initial entries of maps of maps and of PROG_ARRAYs. */
  #fillValues(maps: readonly MapSpec[]): void {
    for (const map of maps) {
      for (const { index, name } of map.values) {
        const fd = this.#maps.get(name)?.fd ?? this.#programs.get(name)?.fd;
        // A program that was not asked for leaves its entry empty.
        if (fd === undefined && this.#spec.programs.some((program) => program.name === name)) continue;
        if (fd === undefined) {
          throw new KernelError("BPF_MAP_UPDATE_ELEM", Errno.ENOENT, `map ${map.name}: ${name}`);
        }
        this.#maps.get(map.name)?.updateElem(nativeWord(index), nativeWord(fd));
      }
    }
  }
}
