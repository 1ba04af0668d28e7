import { firstSignatures } from "./signatures-1-106.js";
import { laterSignatures } from "./signatures-107-211.js";

/** A helper function of the kernel's: what a call with its id runs. */
export interface Helper {
  readonly id: number;
  /** "bpf_map_lookup_elem". */
  readonly name: string;
  /** As C declares it. */
  readonly declaration: string;
}

function helper([id, declaration]: readonly [id: number, declaration: string]): Helper {
  const [, name] = /(\w+)\(/.exec(declaration) ?? ["", `helper_${id}`];
  return { id, name, declaration };
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
