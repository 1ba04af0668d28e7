import { WirebeeError } from "../errors.js";
import { ProgramType } from "../uapi/index.js";
import { type HelperPrototype, type PrototypeRow, parsePrototype } from "./prototype.js";
import { firstPrototypes } from "./prototypes-1-106.js";
import { laterPrototypes } from "./prototypes-107-211.js";
import { firstSignatures } from "./signatures-1-106.js";
import { laterSignatures } from "./signatures-107-211.js";

/** A helper function of the kernel's: what a call with its id runs. */
export interface Helper {
  readonly id: number;
  /** "bpf_map_lookup_elem". */
  readonly name: string;
  /** As C declares it. */
  readonly declaration: string;
  /** The first Linux release that has it: "5.18". */
  readonly since: string;
  /** As programs on sk_buffs call it; `helperPrototype` knows where a program type differs. */
  readonly prototype: HelperPrototype;
}

const rows = new Map<number, PrototypeRow>(
  [...firstPrototypes, ...laterPrototypes].map((row) => [row[0], row]),
);

function helper([id, declaration]: readonly [id: number, declaration: string]): Helper {
  const [, name] = /(\w+)\(/.exec(declaration) ?? ["", `helper_${id}`];
  const row = rows.get(id);
  if (row === undefined) throw new WirebeeError(`helper table: helper ${id} has no prototype`);
  const [, since, args, returns, properties] = row;
  return { id, name, declaration, since, prototype: parsePrototype(args, returns, properties) };
}

/** Every helper of Linux 6.18, by id. */
export const helpers: readonly Helper[] = [...firstSignatures, ...laterSignatures].map(helper);

const byId = new Map(helpers.map((entry) => [entry.id, entry]));
const byName = new Map(helpers.map((entry) => [entry.name, entry]));

export function helperById(id: number): Helper | undefined {
  return byId.get(id);
}

/** By its full name, "bpf_map_lookup_elem". */
export function helperByName(name: string): Helper | undefined {
  return byName.get(name);
}

const GET_SMP_PROCESSOR_ID = 8;
const GET_CGROUP_CLASSID = 17;
/** The class of the task that runs, not of a packet's socket (net/core/filter.c). */
const classidOfTask = parsePrototype("", "INTEGER");
/** bpf_get_raw_smp_processor_id, of program types without a function of their own. */
const rawProcessorId = parsePrototype("", "INTEGER");

/** What a helper takes and returns when a program of that type calls it. */
export function helperPrototype(entry: Helper, type: number): HelperPrototype {
  const isTc = type === ProgramType.SchedCls || type === ProgramType.SchedAct;
  if (entry.id === GET_CGROUP_CLASSID && !isTc) return classidOfTask;
  if (entry.id === GET_SMP_PROCESSOR_ID && !isTc && type !== ProgramType.Xdp) return rawProcessorId;
  return entry.prototype;
}
