import { SyntaxProblem } from "../errors.js";
import { kernelName, type MapSpec, TypedMap } from "../object/index.js";
import type { MapType } from "../uapi/index.js";
import { btfById } from "./kernel-btf.js";
import { LinuxMap } from "./linux-map.js";
import { type MapInfo, mapInfo } from "./map-info.js";
import { objectIds, openById } from "./object-ids.js";
import { openPinnedMap } from "./pin.js";
import { Descriptor } from "./sys/descriptor.js";
import { isLittleEndian } from "./sys/libc.js";

/** Which of the kernel's maps: by id, by where it is pinned, or by a name that no other has. */
export type MapReference = { readonly id: number } | { readonly path: string } | { readonly name: string };

/** A map that somebody else made, with the types that its BTF gives it. Close it after use. */
export class FoundMap extends TypedMap implements Disposable {
  declare readonly raw: LinuxMap;

  constructor(raw: LinuxMap) {
    const { info } = raw;
    const btf = info.btfId === 0 ? undefined : btfById(info.btfId);
    super(raw, specOf(info), btf, isLittleEndian);
  }

  close(): void {
    this.raw.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function specOf(info: MapInfo): MapSpec {
  return {
    name: info.name,
    type: info.type as MapType,
    keySize: info.keySize,
    valueSize: info.valueSize,
    maxEntries: info.maxEntries,
    flags: info.flags,
    mapExtra: info.mapExtra,
    numaNode: undefined,
    isPinnedByName: false,
    keyTypeId: info.keyTypeId || undefined,
    valueTypeId: info.valueTypeId || undefined,
    special: [],
    inner: undefined,
    values: [],
    data: undefined,
    section: "",
  };
}

/**
 * Opens a map of the kernel. Throws SyntaxProblem where there is none, or where several have the name,
 * and KernelError (EPERM) without the privilege.
 */
export function openMap(reference: MapReference): FoundMap {
  const raw = new LinuxMap(find(reference));
  try {
    return new FoundMap(raw);
  } catch (error) {
    raw.close();
    throw error;
  }
}

function find(reference: MapReference): number {
  if ("id" in reference) {
    const fd = openById("map", reference.id);
    return fd ?? absent(`there is no map with id ${reference.id}`);
  }
  if ("path" in reference) {
    const fd = openPinnedMap(reference.path);
    return fd ?? absent(`nothing is pinned at ${reference.path}`);
  }
  // The kernel keeps 15 characters of a name.
  const wanted = kernelName(reference.name);
  const found = listMaps().filter(({ name }) => name === wanted);
  if (found.length > 1) {
    const ids = found.map(({ id }) => id).join(", ");
    throw new SyntaxProblem(`several maps are called "${reference.name}": name one by its id (${ids})`);
  }
  const fd = found.length === 0 ? undefined : openById("map", found[0].id);
  return fd ?? absent(`there is no map called "${reference.name}"`);
}

function absent(message: string): never {
  throw new SyntaxProblem(message);
}

/** Every map that the kernel holds, by rising id. Needs CAP_SYS_ADMIN. */
export function listMaps(): MapInfo[] {
  const maps: MapInfo[] = [];
  for (const id of objectIds("map")) {
    const fd = openById("map", id);
    // It went meanwhile.
    if (fd === undefined) continue;
    using descriptor = new Descriptor(fd, `map ${id}`);
    maps.push(mapInfo(descriptor.fd));
  }
  return maps;
}
