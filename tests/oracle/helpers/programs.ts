import type { ObjectSpec } from "../../../src/object/index.js";
import {
  type AssembledMap,
  type AssembledObject,
  assembledObject,
  type TrialPacket,
} from "../../../src/testing/index.js";
import { MapType, ProgramType } from "../../../src/uapi/index.js";
import { SkbField } from "../../../src/vm/index.js";

/** What a program found out: 64 bits at every eighth byte, r9 + 0 on. */
const RESULTS: AssembledMap = { name: "results", type: MapType.Array, valueSize: 1024 };
/** Where struct __sk_buff's fields are put once the body has run. */
const FIELDS_AT = 800;
/** The fields of struct __sk_buff that are the same in both kernels, and are not given back by a run. */
const FIELDS = [
  SkbField.Len,
  SkbField.PktType,
  SkbField.Mark,
  SkbField.QueueMapping,
  SkbField.Protocol,
  SkbField.VlanPresent,
  SkbField.VlanTci,
  SkbField.VlanProto,
  SkbField.Priority,
  SkbField.TcIndex,
  SkbField.WireLen,
  SkbField.GsoSegs,
  SkbField.GsoSize,
];

export interface HelperProgram {
  readonly type?: ProgramType;
  readonly maps?: readonly AssembledMap[];
  readonly kfuncs?: readonly string[];
  readonly hasFrags?: boolean;
  /** More programs of the object, by name. */
  readonly others?: AssembledObject["programs"];
}

/**
 * An object whose program runs `body` with r6 = context and r9 = the results (1024 bytes in a map's
 * value, which both kernels' comparison includes), then puts r0 at r9 + 0 and, for an sk_buff, its
 * fields and the distance from data to data_end behind. It returns 0, or what `body` leaves in r7.
 */
export function helperObject(body: string, options: HelperProgram = {}): AssembledObject {
  const type = options.type ?? ProgramType.Xdp;
  const isTc = type === ProgramType.SchedCls || type === ProgramType.SchedAct;
  const fields = isTc ? FIELDS.map(store).join("\n") : "";
  const [data, end] = type === ProgramType.Xdp ? [0, 4] : [SkbField.Data, SkbField.DataEnd];
  const length =
    type === ProgramType.SocketFilter
      ? ""
      : `r1 = *(u32 *)(r6 + ${data})\nr2 = *(u32 *)(r6 + ${end})\nr2 -= r1\n*(u64 *)(r9 + ${FIELDS_AT - 8}) = r2`;
  const code = `
    r6 = r1
    r7 = 0
    r9 = results[0]+0 ll
    ${body}
    out:
    *(u64 *)(r9 + 0) = r0
    ${fields}
    ${length}
    r0 = r7
    exit`;
  const { kfuncs, hasFrags, others } = options;
  return {
    programs: [
      {
        name: "tried",
        type,
        code,
        ...(kfuncs === undefined ? {} : { kfuncs }),
        ...(hasFrags === undefined ? {} : { hasFrags }),
      },
      ...(others ?? []),
    ],
    maps: [RESULTS, ...(options.maps ?? [])],
  };
}

function store(field: number, index: number): string {
  return `r1 = *(u32 *)(r6 + ${field})\n*(u64 *)(r9 + ${FIELDS_AT + index * 8}) = r1`;
}

/** Sets r1 to r5: registers by number, `fp` offsets as "r10 - 8", or the context as "r6". */
export function call(helper: string, ...args: readonly (number | bigint | string)[]): string {
  const lines = args.map((value, index) => {
    const register = `r${index + 1}`;
    if (typeof value === "bigint") return `${register} = 0x${BigInt.asUintN(64, value).toString(16)} ll`;
    if (typeof value === "number") return `${register} = ${value}`;
    const [, base, sign, offset] = /^(r\d+) ([+-]) (\d+|\$)$/.exec(value) ?? [];
    if (base !== undefined)
      return `${register} = ${base}\n${register} += ${sign === "-" ? "-" : ""}${offset}`;
    return `${register} = ${value}`;
  });
  return [...lines, `call ${helper}`].join("\n");
}

/** Calls that one program makes at most: their results fill what is not taken by an sk_buff's fields. */
const BATCH = 96;

/**
 * Objects that make many calls one after the other, the result of each at its own place: far faster than
 * an object for each. `prologue` runs once.
 */
export function inBatches(
  calls: readonly string[],
  options: HelperProgram = {},
  prologue = "",
): AssembledObject[] {
  const objects: AssembledObject[] = [];
  for (let first = 0; first < calls.length; first += BATCH) {
    const body = calls
      .slice(first, first + BATCH)
      .map((each, index) => `${each}\n*(u64 *)(r9 + ${8 + index * 8}) = r0`);
    objects.push(helperObject([prologue, ...body].join("\n"), options));
  }
  return objects;
}

export const packets = (...list: readonly Uint8Array[]): TrialPacket[] => list.map((packet) => ({ packet }));

/** An object whose map `name` has a value that it is loaded with and that nobody can change: a constant. */
export function withConstant(object: AssembledObject, name: string, data: Uint8Array): ObjectSpec {
  const spec = assembledObject(object);
  const maps = spec.maps.map((map) => (map.name === name ? { ...map, data, section: ".rodata" } : map));
  return { ...spec, maps };
}
