import type { Json } from "./json.js";
import { wrap } from "./wrap.js";

/** A list of bytes has this much room at least. */
const NARROWEST = 24;

/** A typed value as it is shown: its text for people, and the same for programs. */
export type ShownValue =
  | {
      readonly kind: "scalar";
      readonly text: string;
      readonly json: Json;
      /** Whether the text may be broken at its spaces: a list of bytes. */
      readonly isBreakable?: boolean;
    }
  | { readonly kind: "struct"; readonly members: readonly (readonly [name: string, value: ShownValue])[] }
  | { readonly kind: "array"; readonly items: readonly ShownValue[] };

/** On one line, as a C initialiser: "{ .packets = 12, .bytes = 1204 }". */
export function inlineText(value: ShownValue): string {
  switch (value.kind) {
    case "scalar":
      return value.text;
    case "struct": {
      const members = value.members.map(([name, member]) => `.${name} = ${inlineText(member)}`);
      return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
    }
    default:
      return value.items.length === 0 ? "{}" : `{ ${value.items.map(inlineText).join(", ")} }`;
  }
}

/**
 * Lines of at most `width` characters where that can be: on one line, else with as many members on a
 * line as fit. `lead` stands before the first, and all further ones are indented by `indent`.
 */
export function valueLines(value: ShownValue, width: number, lead = "", indent = ""): string[] {
  const inline = lead + inlineText(value);
  if (inline.length <= width) return [inline];
  if (value.kind === "scalar") {
    if (value.isBreakable !== true) return [inline];
    const lines = wrap(value.text, Math.max(NARROWEST, width - indent.length - 2));
    return lead.trim() === ""
      ? lines.map((line) => lead + line)
      : [lead.trimEnd(), ...lines.map((line) => `${indent}  ${line}`)];
  }
  const parts: Part[] =
    value.kind === "struct"
      ? value.members.map(([name, member]) => ({ lead: `.${name} = `, value: member }))
      : value.items.map((item) => ({ lead: "", value: item }));
  return [`${lead}{`, ...filled(parts, width, `${indent}  `), `${indent}}`];
}

interface Part {
  readonly lead: string;
  readonly value: ShownValue;
}

function filled(parts: readonly Part[], width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = indent;
  const next = () => {
    if (line !== indent) lines.push(line);
    line = indent;
  };
  for (const { lead, value } of parts) {
    const text = `${lead}${inlineText(value)},`;
    const isNested = value.kind !== "scalar";
    if (isNested && indent.length + text.length > width) {
      next();
      const inner = valueLines(value, width - 1, indent + lead, indent);
      lines.push(...inner.map((own, i) => (i === inner.length - 1 ? `${own},` : own)));
      continue;
    }
    if (line.length + 1 + text.length > width) next();
    line += line === indent ? text : ` ${text}`;
  }
  next();
  return lines;
}

/** The same as JSON; structs are objects. */
export function valueJson(value: ShownValue): Json {
  switch (value.kind) {
    case "scalar":
      return value.json;
    case "struct":
      return Object.fromEntries(value.members.map(([name, member]) => [name, valueJson(member)]));
    default:
      return value.items.map(valueJson);
  }
}
