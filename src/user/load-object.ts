import { KernelError, NotSupportedError } from "../errors.js";
import type { LoadOptions } from "../kernel.js";
import { type BpfMap, hasMapType, type MapDefinition } from "../maps/index.js";
import {
  CoreRelocator,
  chosenPrograms,
  contextType,
  isReadOnlySection,
  type MapSpec,
  mapsOf,
  type ObjectSpec,
  type ProgramSpec,
  resolveKconfig,
  TypedMap,
} from "../object/index.js";
import { Errno, MapType, ProgramType, programTypeName } from "../uapi/index.js";
import { isRunnable, loadProgram, refuseType } from "./load.js";
import type { UserKernel } from "./user-kernel.js";
import { UserObject } from "./user-object.js";
import { UserProgram } from "./user-program.js";

/**
 * Loads an object into a kernel; closes what it has made where something is refused. If programs are
 * named, a map that none of them refers to and that this kernel does not have is left out.
 */
export function loadObject(kernel: UserKernel, spec: ObjectSpec, options: LoadOptions): UserObject {
  if (!spec.littleEndian) {
    throw new NotSupportedError(
      "big-endian object",
      `object ${spec.name} is for big-endian machines, which the user-space kernel is not: compile with -target bpfel`,
    );
  }
  const programs = chosenPrograms(spec, options.programs);
  refuseTypes(spec, programs);
  resolveKconfig(spec, kernel.config);
  const needed = options.programs === undefined ? undefined : mapsOf(spec, programs);
  const loader = new ObjectLoader(kernel, spec);
  try {
    return loader.load(
      programs,
      spec.maps.filter((map) => {
        // A map of a section that begins with "?" is made on demand, by who fills it.
        if (map.section.startsWith("?")) return false;
        return needed === undefined || needed.has(map.name) || isAvailable(map);
      }),
    );
  } catch (error) {
    loader.undo();
    throw error;
  }
}

/** Names a program whose type has no place here, and what can be done or loaded instead. */
function refuseTypes(spec: ObjectSpec, programs: readonly ProgramSpec[]): void {
  const refused = programs.find((program) => !isRunnable(program));
  if (refused === undefined) return;
  const probable = refused.type === ProgramType.Unspec ? contextType(spec.btf, refused) : undefined;
  const others = programs.filter(isRunnable).map(({ name }) => name);
  const hints = [
    probable === undefined ? "" : `; by its parameter it is ${programTypeName(probable)}`,
    others.length === 0 ? "" : `; load the others by name: ${others.join(", ")}`,
  ];
  refuseType(refused, hints.join(""));
}

function isAvailable(map: MapSpec): boolean {
  return hasMapType(map.type) && (!isOfMaps(map) || map.inner !== undefined);
}

function isOfMaps({ type }: MapSpec): boolean {
  return type === MapType.ArrayOfMaps || type === MapType.HashOfMaps;
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

  load(programs: readonly ProgramSpec[], mapSpecs: readonly MapSpec[]): UserObject {
    const maps = new Map<string, TypedMap>();
    for (const map of mapSpecs) {
      const raw = this.#map(map);
      maps.set(map.name, new TypedMap(raw, map, this.#spec.btf, this.#spec.littleEndian));
    }
    const loaded = new Map<string, UserProgram>();
    const programFds = new Map<string, number>();
    const relocated = this.#relocate(programs);
    for (const [index, program] of programs.entries()) {
      const vm = loadProgram(relocated[index], {
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

  /** The programs as CO-RE makes them; what the object says stays as it is. */
  #relocate(programs: readonly ProgramSpec[]): readonly ProgramSpec[] {
    const { btf } = this.#spec;
    if (btf === undefined) return programs;
    const target = this.#kernel.targetBtf;
    const relocator = new CoreRelocator(btf, target === undefined ? undefined : { vmlinux: target });
    return programs.map((program) =>
      program.coreRelocations.length === 0 ? program : { ...program, code: relocator.relocate(program) },
    );
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
    if (isOfMaps(spec) && spec.inner === undefined) {
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
    for (const [mapName, { spec: map }] of maps) {
      for (const { index, name } of map.values) {
        const fd = this.#mapFds.get(name) ?? programs.get(name);
        // A program that was not asked for leaves its entry empty.
        if (fd === undefined && this.#spec.programs.some((program) => program.name === name)) continue;
        if (fd === undefined)
          throw new KernelError("BPF_MAP_UPDATE_ELEM", Errno.ENOENT, `map ${map.name}: ${name}`);
        maps.get(mapName)?.raw.updateElem(uint32(index), uint32(fd));
      }
    }
  }
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
