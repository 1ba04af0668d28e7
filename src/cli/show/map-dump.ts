import type { TypedMap } from "../../object/index.js";
import { elementsOf, isArray, isListable, isZero } from "../map-elements.js";
import type { Printer } from "../printer.js";
import { elementLines } from "./element-lines.js";
import type { Json } from "./json.js";
import { type ElementShower, elementJson } from "./map-element.js";
import { counted, grouped } from "./number.js";
import { valueJson } from "./shown-value.js";

/** What a map holds; of an array, what is not zero. */
export interface MapContent {
  /** In the order of the keys. */
  readonly elements: readonly (readonly [key: Uint8Array, value: Uint8Array])[];
  readonly zeroes: number;
}

/** Reads a map; undefined where its type has no content to list. */
export function readContent(map: TypedMap, shower: ElementShower): MapContent | undefined {
  if (!isListable(map)) return undefined;
  const elements: [Uint8Array, Uint8Array][] = [];
  let zeroes = 0;
  for (const [key, value] of elementsOf(map)) {
    if (isArray(map) && isZero(value)) zeroes++;
    else elements.push([key, value]);
  }
  elements.sort(([a], [b]) => shower.compareKeys(a, b));
  return { elements, zeroes };
}

const INDENT = "  ";

/** Prints elements below a map's heading. */
export function printContent(
  printer: Printer,
  content: MapContent | undefined,
  shower: ElementShower,
  limit: number,
): void {
  const dim = (text: string) => printer.line(INDENT + printer.palette.paint("dim", text));
  if (content === undefined) {
    dim("its content cannot be listed");
    return;
  }
  const { elements, zeroes } = content;
  for (const [key, value] of elements.slice(0, limit)) {
    for (const line of elementLines(shower.keyForPeople(key), shower.value(value), printer.columns, INDENT)) {
      printer.line(line);
    }
  }
  if (elements.length > limit) dim(`... and ${grouped(elements.length - limit)} more (--limit)`);
  if (zeroes > 0) dim(`${counted(zeroes, "element")} ${zeroes === 1 ? "is" : "are"} zero`);
  if (elements.length === 0 && zeroes === 0) dim("empty");
}

/** The same as JSON: with keys and values as --maps takes them. */
export function contentJson(content: MapContent | undefined, shower: ElementShower, limit: number): Json {
  if (content === undefined) return null;
  return content.elements.slice(0, limit).map(([key, value]) => {
    const shown = elementJson(shower.value(value));
    return key.length === 0 ? { ...shown } : { key: valueJson(shower.key(key)), ...shown };
  });
}
