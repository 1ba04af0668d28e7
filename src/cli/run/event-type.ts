import { type Btf, BtfKind } from "../../btf/index.js";
import { SyntaxProblem } from "../../errors.js";
import type { MapSpec, ObjectSpec } from "../../object/index.js";
import { MapType } from "../../uapi/index.js";

const PADDING = 7;

/**
 * Types of the records that a map's programs send, by record size. The object's BTF does not say which
 * struct goes to which map; it tells it where the map has a value type, and where a global variable
 * points to the struct, which sources do to have it in the BTF at all
 * (`const struct event *unused __attribute__((unused))`).
 */
export class EventTypes {
  readonly #btf: Btf | undefined;
  readonly #named = new Map<string, number>();
  /** Structs by size that global variables point to; a size that two have tells nothing. */
  readonly #bySize = new Map<number, number | undefined>();

  /** `choices` are MAP=TYPE, as --event-type gives them. */
  constructor(spec: ObjectSpec, choices: readonly string[]) {
    this.#btf = spec.btf;
    for (const choice of choices) this.#choose(spec, choice);
    if (this.#btf !== undefined) this.#findPointees(this.#btf);
  }

  #choose(spec: ObjectSpec, choice: string): void {
    const [, map, type] = /^([^=]+)=(?:struct |union )?(.+)$/.exec(choice) ?? [];
    if (map === undefined) throw new SyntaxProblem(`--event-type ${choice}: MAP=TYPE is wanted`);
    if (!spec.maps.some((entry) => entry.name === map)) {
      const known = spec.maps.map((entry) => entry.name).join(", ") || "none";
      throw new SyntaxProblem(`--event-type ${choice}: there is no map "${map}": the object has ${known}`);
    }
    const kinds = [BtfKind.Struct, BtfKind.Union, BtfKind.Typedef, BtfKind.Int, BtfKind.Enum];
    const id = spec.btf?.find(type, ...kinds);
    if (id === undefined) {
      throw new SyntaxProblem(`--event-type ${choice}: the object's BTF has no type "${type}"`);
    }
    this.#named.set(map, id);
  }

  #findPointees(btf: Btf): void {
    for (const id of btf.ids()) {
      if (btf.kind(id) !== BtfKind.Var) continue;
      const variable = btf.type(id);
      const pointer = variable.kind === BtfKind.Var ? btf.resolved(variable.type) : variable;
      if (pointer.kind !== BtfKind.Ptr) continue;
      const pointee = btf.resolve(pointer.type);
      if (btf.kind(pointee) !== BtfKind.Struct) continue;
      const size = btf.sizeOf(pointee);
      this.#bySize.set(
        size,
        this.#bySize.has(size) && this.#bySize.get(size) !== pointee ? undefined : pointee,
      );
    }
  }

  /** The type that a record begins with; undefined where nothing tells it. */
  typeOf(map: MapSpec, length: number): number | undefined {
    const btf = this.#btf;
    if (btf === undefined) return undefined;
    const known = this.#named.get(map.name) ?? map.valueTypeId;
    if (known !== undefined) return btf.sizeOf(known) <= length ? known : undefined;
    const exact = this.#bySize.get(length);
    if (exact !== undefined || map.type !== MapType.PerfEventArray) return exact;
    // Linux pads perf records by up to 7 bytes.
    const sizes = [...this.#bySize.keys()].filter((size) => size < length && size + PADDING >= length);
    return sizes.length === 1 ? this.#bySize.get(sizes[0]) : undefined;
  }
}
