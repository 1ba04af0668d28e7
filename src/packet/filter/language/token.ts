/** What stands at one place of a filter expression. */
export type Token = { readonly column: number; readonly text: string } & (
  | { readonly kind: "end" | "keyword" | "sign" | "ipv4" | "ipv6" | "mac" }
  /** A word that is no keyword, or any word after a backslash; `name` is without it. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "number"; readonly value: number }
);

/** A token as messages show it. */
export function quote(token: Token): string {
  return `"${abridge(token.text)}"`;
}

const LONGEST_QUOTE = 40;

/** Long text cut, so that a message stays a line. */
export function abridge(text: string): string {
  return text.length <= LONGEST_QUOTE ? text : `${text.slice(0, LONGEST_QUOTE)}…`;
}
