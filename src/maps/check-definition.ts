import { KernelError, NotSupportedError } from "../errors.js";
import { Errno, MapFlag, MapType, mapTypeName } from "../uapi/index.js";
import type { MapDefinition } from "./map.js";

const KMALLOC_MAX_SIZE = 4 * 1024 * 1024;
/** sizeof(struct htab_elem) without its key. */
const HTAB_ELEMENT = 48;
const PCPU_MIN_UNIT_SIZE = 32 * 1024;
const NR_CPUS = 8192;
const LPM_DATA_MAX = 256;
const INT_MAX = 0x7fffffff;
const PAGE = 4096;

const ACCESS = MapFlag.Rdonly | MapFlag.Wronly | MapFlag.RdonlyProg | MapFlag.WronlyProg;
const { NumaNode, NoPrealloc, NoCommonLru, ZeroSeed, Mmapable, PreserveElems, InnerMap } = MapFlag;

function refuse(definition: MapDefinition, errno: number, why: string): never {
  throw new KernelError(
    "BPF_MAP_CREATE",
    errno,
    `${mapTypeName(definition.type)} ${definition.name}: ${why}`,
  );
}

function checkFlags(definition: MapDefinition, allowed: number): void {
  const unknown = definition.flags & ~allowed;
  if (unknown !== 0)
    refuse(definition, Errno.EINVAL, `flags 0x${(unknown >>> 0).toString(16)} are not for this type`);
  // bpf_map_flags_access_ok: a program may have to be kept from reading or from writing, not both.
  const both = MapFlag.RdonlyProg | MapFlag.WronlyProg;
  if ((definition.flags & both) === both) {
    refuse(definition, Errno.EINVAL, "BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG exclude each other");
  }
}

function require(
  definition: MapDefinition,
  isRight: boolean,
  why: string,
  errno: number = Errno.EINVAL,
): void {
  if (!isRight) refuse(definition, errno, why);
}

function checkHash(definition: MapDefinition): void {
  const { type, keySize, valueSize, maxEntries, flags } = definition;
  const isLru = type === MapType.LruHash || type === MapType.LruPercpuHash;
  const isPerCpu = type === MapType.PercpuHash || type === MapType.LruPercpuHash;
  checkFlags(definition, NoPrealloc | NoCommonLru | NumaNode | ACCESS | ZeroSeed);
  require(definition, isLru || (flags & NoCommonLru) === 0, "BPF_F_NO_COMMON_LRU is for LRU maps");
  require(definition, !isLru || (flags & NoPrealloc) === 0, "an LRU map is preallocated", Errno.ENOTSUPP);
  const isNumaRefused = (flags & NumaNode) !== 0 && (isPerCpu || (flags & NoCommonLru) !== 0);
  require(definition, !isNumaRefused, "per-CPU memory has no single NUMA node");
  require(definition, maxEntries > 0 && keySize > 0 && valueSize > 0, "sizes and max_entries must not be 0");
  const isSmall = keySize + valueSize < KMALLOC_MAX_SIZE - HTAB_ELEMENT;
  require(definition, isSmall, "key and value are too large", Errno.E2BIG);
  checkPerCpuValue(definition, isPerCpu);
}

function checkPerCpuValue(definition: MapDefinition, isPerCpu: boolean): void {
  const fits = !isPerCpu || Math.ceil(definition.valueSize / 8) * 8 <= PCPU_MIN_UNIT_SIZE;
  require(definition, fits, "a per-CPU value has 32 KiB at most", Errno.E2BIG);
}

function checkArray(definition: MapDefinition): void {
  const { type, keySize, valueSize, maxEntries, flags } = definition;
  const isPerCpu = type === MapType.PercpuArray;
  require(definition, maxEntries > 0, "max_entries must not be 0");
  require(definition, keySize === 4, `the key is a 4-byte index, not ${keySize} bytes`);
  require(definition, valueSize > 0, "the value must not be empty");
  checkFlags(definition, NumaNode | Mmapable | ACCESS | PreserveElems | InnerMap);
  require(definition, !isPerCpu || (flags & NumaNode) === 0, "per-CPU memory has no single NUMA node");
  const isArrayFlag = (flags & (Mmapable | InnerMap)) !== 0;
  require(definition, type === MapType.Array ||
    !isArrayFlag, "BPF_F_MMAPABLE and BPF_F_INNER_MAP are for ARRAY");
  const keepsElements = (flags & PreserveElems) !== 0;
  require(definition, type === MapType.PerfEventArray ||
    !keepsElements, "BPF_F_PRESERVE_ELEMS is for perf events");
  require(definition, valueSize <= INT_MAX, "the value is too large", Errno.E2BIG);
  checkPerCpuValue(definition, isPerCpu);
}

/** Arrays of file descriptors: fd_array_map_alloc_check. */
function checkFdArray(definition: MapDefinition): void {
  require(definition, definition.valueSize === 4, "the value is a 4-byte file descriptor");
  const restricts = (definition.flags & (MapFlag.RdonlyProg | MapFlag.WronlyProg)) !== 0;
  require(definition, !restricts, "programs never read or write its values");
  checkArray(definition);
}

function checkInner(definition: MapDefinition): void {
  const { inner } = definition;
  if (inner === undefined) refuse(definition, Errno.EBADF, "it needs the shape of its inner maps");
  const isNested = inner.type === MapType.ArrayOfMaps || inner.type === MapType.HashOfMaps;
  require(definition, !isNested, "maps of maps of maps do not exist");
  const noInner: number[] = [MapType.ProgArray, MapType.CgroupStorage, MapType.PercpuCgroupStorage];
  require(definition, !noInner.includes(
    inner.type,
  ), `${mapTypeName(inner.type)} cannot be inside`, Errno.ENOTSUPP);
}

function checkHashOfMaps(definition: MapDefinition): void {
  require(definition, definition.valueSize === 4, "the value is a 4-byte file descriptor");
  checkHash(definition);
  checkInner(definition);
}

function checkArrayOfMaps(definition: MapDefinition): void {
  checkFdArray(definition);
  checkInner(definition);
}

function checkLpm(definition: MapDefinition): void {
  const { keySize, valueSize, maxEntries, flags } = definition;
  require(definition, maxEntries > 0, "max_entries must not be 0");
  require(definition, (flags & NoPrealloc) !== 0, "it needs BPF_F_NO_PREALLOC");
  checkFlags(definition, NoPrealloc | NumaNode | ACCESS);
  const isKey = keySize >= 5 && keySize <= 4 + LPM_DATA_MAX;
  require(definition, isKey, `the key is a 4-byte prefix length and 1 to ${LPM_DATA_MAX} bytes`);
  require(definition, valueSize >= 1 && valueSize <= KMALLOC_MAX_SIZE - LPM_DATA_MAX - 40, "value size");
}

function checkQueue(definition: MapDefinition): void {
  const { keySize, valueSize, maxEntries } = definition;
  require(definition, maxEntries > 0 && valueSize > 0, "value and max_entries must not be 0");
  require(definition, keySize === 0, "it has no keys");
  checkFlags(definition, NumaNode | ACCESS);
  require(definition, valueSize <= KMALLOC_MAX_SIZE, "the value is too large", Errno.E2BIG);
  const fits = maxEntries < Math.floor(0xffffffff / valueSize);
  require(definition, fits, "max_entries is too large", Errno.E2BIG);
}

function checkBloom(definition: MapDefinition): void {
  const { keySize, valueSize, maxEntries, mapExtra } = definition;
  require(definition, keySize === 0, "it has no keys: values are its members");
  require(definition, valueSize > 0 && maxEntries > 0, "value and max_entries must not be 0");
  checkFlags(definition, NumaNode | ZeroSeed | ACCESS);
  require(definition, ((mapExtra ?? 0n) & ~0xfn) === 0n, "map_extra is the number of hashes, 15 at most");
}

function checkRing(definition: MapDefinition): void {
  const { keySize, valueSize, maxEntries } = definition;
  checkFlags(definition, NumaNode);
  require(definition, keySize === 0 && valueSize === 0, "it has neither keys nor values");
  const isSize = maxEntries > 0 && (maxEntries & (maxEntries - 1)) === 0 && maxEntries % PAGE === 0;
  require(definition, isSize, `max_entries is its size in bytes: a power of two and a multiple of ${PAGE}`);
}

function checkDevmap(definition: MapDefinition): void {
  const { keySize, valueSize, maxEntries, type } = definition;
  require(definition, maxEntries > 0 && keySize === 4, "4-byte keys, and max_entries not 0");
  require(definition, valueSize === 4 || valueSize === 8, "the value is ifindex, or ifindex and program fd");
  checkFlags(definition, NumaNode | MapFlag.Rdonly | MapFlag.Wronly);
  require(definition, type !== MapType.DevmapHash || maxEntries <= 2 ** 31, "max_entries is too large");
}

function checkCpumap(definition: MapDefinition): void {
  const { keySize, valueSize, maxEntries } = definition;
  require(definition, maxEntries > 0 && keySize === 4, "4-byte keys, and max_entries not 0");
  require(definition, valueSize === 4 || valueSize === 8, "the value is queue size, or that and program fd");
  checkFlags(definition, NumaNode);
  require(definition, maxEntries <= NR_CPUS, `max_entries is ${NR_CPUS} at most`, Errno.E2BIG);
}

function checkXskmap(definition: MapDefinition): void {
  const { keySize, valueSize, maxEntries } = definition;
  require(definition, maxEntries > 0 && keySize === 4 && valueSize === 4, "4-byte keys and values");
  checkFlags(definition, NumaNode | MapFlag.Rdonly | MapFlag.Wronly);
}

const checks = new Map<number, (definition: MapDefinition) => void>([
  [MapType.Hash, checkHash],
  [MapType.PercpuHash, checkHash],
  [MapType.LruHash, checkHash],
  [MapType.LruPercpuHash, checkHash],
  [MapType.Array, checkArray],
  [MapType.PercpuArray, checkArray],
  [MapType.ProgArray, checkFdArray],
  [MapType.PerfEventArray, checkFdArray],
  [MapType.ArrayOfMaps, checkArrayOfMaps],
  [MapType.HashOfMaps, checkHashOfMaps],
  [MapType.LpmTrie, checkLpm],
  [MapType.Queue, checkQueue],
  [MapType.Stack, checkQueue],
  [MapType.BloomFilter, checkBloom],
  [MapType.Ringbuf, checkRing],
  [MapType.UserRingbuf, checkRing],
  [MapType.Devmap, checkDevmap],
  [MapType.DevmapHash, checkDevmap],
  [MapType.Cpumap, checkCpumap],
  [MapType.Xskmap, checkXskmap],
]);

/**
 * What BPF_MAP_CREATE checks of a definition, with its error numbers (each map type's
 * map_alloc_check in kernel/bpf). Throws KernelError, or NotSupportedError for a type that the
 * user-space kernel does not have.
 */
export function checkDefinition(definition: MapDefinition): void {
  const check = checks.get(definition.type);
  if (check === undefined) {
    const name = mapTypeName(definition.type);
    throw new NotSupportedError(
      `map type ${name}`,
      `map ${definition.name}: the user-space kernel does not have maps of type ${name}`,
    );
  }
  const takesExtra = definition.type === MapType.BloomFilter;
  const hasExtra = (definition.mapExtra ?? 0n) !== 0n;
  require(definition, takesExtra || !hasExtra, "map_extra is for bloom filters");
  // bpf_get_file_flag, for maps of every type.
  const neither = MapFlag.Rdonly | MapFlag.Wronly;
  const canBeUsed = (definition.flags & neither) !== neither;
  require(definition, canBeUsed, "BPF_F_RDONLY and BPF_F_WRONLY exclude each other");
  check(definition);
}
