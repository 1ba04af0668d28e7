import type { ShownElement } from "./map-element.js";
import { inlineText, type ShownValue, valueLines } from "./shown-value.js";

/** "KEY: VALUE", on one line where it fits; the copies of a per-CPU value follow, but for zeroes. */
export function elementLines(key: string, element: ShownElement, width: number, indent: string): string[] {
  if (element.kind === "one") return keyedLines(key, element.value, width, indent);
  const perCpu = element.values.flatMap((value, cpu) =>
    element.isZero[cpu] ? [] : valueLines(value, width, `${indent}  cpu ${cpu}: `, `${indent}  `),
  );
  if (element.sum === undefined) return [`${indent}${key}:`, ...perCpu];
  return [...keyedLines(key, element.sum, width, indent), ...perCpu];
}

function keyedLines(key: string, value: ShownValue, width: number, indent: string): string[] {
  const lead = `${indent}${key}: `;
  // Where both do not fit on a line, the value begins its own.
  const fits = lead.length + inlineText(value).length <= width || lead.length < width / 2;
  if (fits) return valueLines(value, width, lead, indent);
  return [lead.trimEnd(), ...valueLines(value, width, `${indent}  `, `${indent}  `)];
}
