import type { ShownElement } from "./map-element.js";
import { inlineText, type ShownValue, valueLines } from "./shown-value.js";

/**
 * "KEY: VALUE", on one line where it fits, else the value on lines of its own; the copies of a per-CPU
 * value follow, but for zeroes.
 */
export function elementLines(
  key: ShownValue | string,
  element: ShownElement,
  width: number,
  indent: string,
): string[] {
  const head = typeof key === "string" ? [indent + key] : valueLines(key, width - 1, indent, indent);
  if (element.kind === "one") return keyedLines(head, element.value, width, indent);
  const perCpu = element.values.flatMap((value, cpu) =>
    element.isZero[cpu] ? [] : valueLines(value, width, `${indent}  cpu ${cpu}: `, `${indent}  `),
  );
  if (element.sum === undefined) return [...ended(head, ":"), ...perCpu];
  return [...keyedLines(head, element.sum, width, indent), ...perCpu];
}

function keyedLines(head: readonly string[], value: ShownValue, width: number, indent: string): string[] {
  const lead = `${head[0]}: `;
  const fits = lead.length + inlineText(value).length <= width || lead.length < width / 2;
  if (head.length === 1 && fits) return valueLines(value, width, lead, indent);
  return [...ended(head, ":"), ...valueLines(value, width, `${indent}  `, `${indent}  `)];
}

function ended(lines: readonly string[], end: string): string[] {
  return lines.map((line, i) => (i === lines.length - 1 ? line + end : line));
}
