import { KernelError, NotSupportedError, SyntaxProblem } from "../errors.js";
import type { LoadOptions } from "../kernel.js";
import type { BpfMap, MapDefinition } from "../maps/index.js";
import {
  type MapSpec,
  type ObjectSpec,
  type ProgramSpec,
  resolveKconfig,
  TypedMap,
} from "../object/index.js";
import { Errno, MapType } from "../uapi/index.js";
import { loadProgram } from "./load.js";
import type { UserKernel } from "./user-kernel.js";
import { UserObject } from "./user-object.js";
import { UserProgram } from "./user-program.js";

/** The version of Linux whose behaviour is imitated: 6.18.0. */
const KERNEL_VERSION = (6 << 16) | (18 << 8);

/** Loads an object into a kernel; closes what it has made where something is refused. */
export function loadObject(kernel: UserKernel, spec: ObjectSpec, options: LoadOptions): UserObject {
  resolveKconfig(spec, { version: KERNEL_VERSION });
  const loader = new ObjectLoader(kernel, spec);
  try {
    return loader.load(chosen(spec, options));
  } catch (error) {
    loader.undo();
    throw error;
  }
}

function chosen(spec: ObjectSpec, options: LoadOptions): ProgramSpec[] {
  if (options.programs === undefined) return spec.programs.filter((program) => program.isAutoloaded);
  return options.programs.map((name) => {
    const program = spec.programs.find((entry) => entry.name === name);
    if (program !== undefined) return program;
    const known = spec.programs.map((entry) => entry.name).join(", ") || "none";
    throw new SyntaxProblem(`there is no program "${name}": the object has ${known}`);
  });
}

class ObjectLoader {
  readonly #kernel: UserKernel;
  readonly #spec: ObjectSpec;
  readonly #fds: number[] = [];
  readonly #mapFds = new Map<string, number>();

  constructor(kernel: UserKernel, spec: ObjectSpec) {
    this.#kernel = kernel;
    this.#spec = spec;
  }

  undo(): void {
    for (const fd of this.#fds.reverse()) this.#kernel.closeFd(fd);
  }

  load(programs: readonly ProgramSpec[]): UserObject {
    const maps = new Map<string, TypedMap>();
    for (const map of this.#spec.maps) {
      const raw = this.#map(map);
      maps.set(map.name, new TypedMap(raw, map, this.#spec.btf, this.#spec.littleEndian));
    }
    const loaded = new Map<string, UserProgram>();
    const programFds = new Map<string, number>();
    for (const program of programs) {
      const vm = loadProgram(program, {
        license: this.#spec.license,
        mapFd: (name) => this.#fdOf(name),
        mapByFd: (fd) => this.#kernel.mapByFd(fd),
        nextProgramId: () => this.#kernel.nextId(),
      });
      const fd = this.#kernel.addProgram(vm);
      this.#fds.push(fd);
      programFds.set(program.name, fd);
      loaded.set(program.name, new UserProgram(program, vm, this.#kernel.interpreter, this.#kernel.buffers));
    }
    this.#fillValues(maps, programFds);
    return new UserObject(this.#kernel, this.#spec, loaded, maps, this.#fds);
  }

  #fdOf(name: string): number {
    const fd = this.#mapFds.get(name);
    if (fd === undefined) throw new NotSupportedError(`map ${name}`, `there is no map ${name} in the object`);
    return fd;
  }

  #map(spec: MapSpec): BpfMap {
    const shape = this.#definition(spec);
    const pinned = spec.isPinnedByName ? this.#kernel.pinned(spec.name) : undefined;
    if (pinned !== undefined) checkShape(spec, pinned);
    pinned?.retain();
    const { map, fd } =
      pinned === undefined ? this.#kernel.createMap(shape) : { map: pinned, fd: this.#kernel.addMap(pinned) };
    this.#fds.push(fd);
    this.#mapFds.set(spec.name, fd);
    if (spec.isPinnedByName && pinned === undefined) this.#kernel.pin(spec.name, map);
    if (spec.data !== undefined) map.updateElem(new Uint8Array(4), spec.data);
    if (spec.data !== undefined && isReadOnlySection(spec.section)) map.freeze();
    return map;
  }

  #definition(spec: MapSpec): MapDefinition {
    const isOuter = spec.type === MapType.ArrayOfMaps || spec.type === MapType.HashOfMaps;
    if (isOuter && spec.inner === undefined) {
      throw new NotSupportedError(
        `map ${spec.name} without inner map`,
        `map ${spec.name}: the object does not say what its inner maps are`,
      );
    }
    // A perf event array without a size has an entry for each CPU, as libbpf makes it.
    const isPerCpuSized = spec.type === MapType.PerfEventArray && spec.maxEntries === 0;
    return {
      name: spec.name,
      type: spec.type,
      keySize: spec.keySize,
      valueSize: spec.valueSize,
      maxEntries: isPerCpuSized ? this.#kernel.cpus : spec.maxEntries,
      flags: spec.flags,
      mapExtra: spec.mapExtra,
      inner: spec.inner === undefined ? undefined : this.#definition(spec.inner),
      special: spec.special.length === 0 ? undefined : spec.special,
    };
  }

  /** Initial entries of maps of maps and of PROG_ARRAYs. */
  #fillValues(maps: ReadonlyMap<string, TypedMap>, programs: ReadonlyMap<string, number>): void {
    for (const map of this.#spec.maps) {
      for (const { index, name } of map.values) {
        const fd = this.#mapFds.get(name) ?? programs.get(name);
        // A program that was not asked for leaves its entry empty.
        if (fd === undefined && this.#spec.programs.some((program) => program.name === name)) continue;
        if (fd === undefined)
          throw new KernelError("BPF_MAP_UPDATE_ELEM", Errno.ENOENT, `map ${map.name}: ${name}`);
        maps.get(map.name)?.raw.updateElem(uint32(index), uint32(fd));
      }
    }
  }
}

function isReadOnlySection(section: string): boolean {
  return section === ".rodata" || section.startsWith(".rodata.") || section === ".kconfig";
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

/** A pinned map is used again only if it is what the object wants. */
function checkShape(spec: MapSpec, map: BpfMap): void {
  const { definition } = map;
  const pairs: [string, number, number][] = [
    ["type", definition.type, spec.type],
    ["key size", definition.keySize, spec.keySize],
    ["value size", definition.valueSize, spec.valueSize],
    ["max_entries", definition.maxEntries, spec.maxEntries],
    ["flags", definition.flags, spec.flags],
  ];
  const different = pairs.filter(([, has, wants]) => has !== wants);
  if (different.length === 0) return;
  const list = different.map(([what, has, wants]) => `${what} ${has}, not ${wants}`).join("; ");
  throw new KernelError("BPF_OBJ_GET", Errno.EINVAL, `the map pinned as ${spec.name} has ${list}`);
}
