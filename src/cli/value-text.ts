import { z } from "zod";
import type { BtfInput } from "../btf/index.js";
import { SyntaxProblem } from "../errors.js";

/** What a JSON file may say of a value: everything that `encodeValue` takes, but for bytes. */
export const jsonValue: z.ZodType<BtfInput> = z.lazy(() =>
  z.union(
    [
      // A larger number has lost digits before anybody sees it.
      z
        .number()
        .refine(
          (value) => !Number.isInteger(value) || Number.isSafeInteger(value),
          "the number is too large for JSON: write it as a string",
        ),
      z.boolean(),
      z.string(),
      z.array(jsonValue),
      z.record(z.string(), jsonValue),
    ],
    "a number, text, true, false, an array or an object is wanted",
  ),
);

/** A file or text that is JSON of a shape; throws SyntaxProblem that says where it is not. */
export function parseJson<T>(text: string, shape: z.ZodType<T>, what: string): T {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new SyntaxProblem(`${what} is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = shape.safeParse(parsed);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue.path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("");
  throw new SyntaxProblem(`${what}${path === "" ? "" : ` at ${path.replace(/^\./, "")}`}: ${issue.message}`);
}

/**
 * A value as it is written on the command line: a number, true, false, text (also addresses and
 * enumerators), bytes as "hex:0a000009", or JSON for structs, arrays and quoted text.
 */
export function parseValueText(text: string, what: string): BtfInput {
  if (/^hex:/i.test(text)) return parseHex(text.slice(4), what);
  if (/^[{["]/.test(text)) return parseJson(text, jsonValue, what);
  if (text === "true" || text === "false") return text === "true";
  if (/^-?(0x[0-9a-f]+|\d+)$/i.test(text)) {
    return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
  }
  if (/^-?\d+\.\d*(e[+-]?\d+)?$/i.test(text)) return Number(text);
  return text;
}

function parseHex(text: string, what: string): Uint8Array {
  const digits = text.replaceAll(/[\s:]/g, "");
  if (!/^([0-9a-f]{2})*$/i.test(digits))
    throw new SyntaxProblem(`${what}: "hex:" wants two digits for each byte`);
  return Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}
