import { type Btf, BtfKind } from "../../btf/index.js";
import { type Json, jsonInteger } from "./json.js";

const KINDS = new Map<number, string>(
  Object.entries(BtfKind).map(([name, kind]) => [
    kind,
    name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase(),
  ]),
);

/** A type as the API has it (BtfType of wirebee/btf), with its id, and its kind by name. */
export function btfTypeJson(btf: Btf, id: number): Json {
  const type = btf.type(id);
  return { id, ...(plain(type) as { [name: string]: Json }), kind: KINDS.get(type.kind) ?? type.kind };
}

function plain(value: unknown): Json {
  if (typeof value === "bigint") return jsonInteger(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
  }
  return value as Json;
}
