import { SyntaxProblem } from "../../../errors.js";
import { whyNotEthernet } from "./keyword.js";
import { Lexer } from "./lexer.js";
import { quote, type Token } from "./token.js";

/**
 * Parentheses, indices and signs within one another. Each costs the parser and the code generator
 * some frames of the stack, which holds many times as many.
 */
const DEEPEST = 500;

/** The tokens of an expression with one to look ahead, as the parsers read them. */
export class TokenReader {
  readonly #lexer: Lexer;
  #token: Token;
  #depth = 0;

  constructor(text: string) {
    this.#lexer = new Lexer(text);
    this.#token = this.#lexer.next();
  }

  /** The token to come. */
  get token(): Token {
    return this.#token;
  }

  get isAtEnd(): boolean {
    return this.#token.kind === "end";
  }

  /** Moves on; returns the token that was to come. */
  take(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  /** Is the token to come this keyword or sign? */
  isAt(text: string): boolean {
    const { kind } = this.#token;
    return (kind === "keyword" || kind === "sign") && this.#token.text === text;
  }

  /** Moves past the keyword or sign if it is to come. */
  takeIf(...texts: string[]): boolean {
    const isThere = texts.some((text) => this.isAt(text));
    if (isThere) this.take();
    return isThere;
  }

  /** Moves past a sign that must come. */
  expect(sign: string, what: string): void {
    if (!this.takeIf(sign)) this.refuse(`"${sign}" is wanted ${what}`);
  }

  expectEnd(wanted: string): void {
    if (!this.isAtEnd) this.refuse(wanted);
  }

  /** A number that must come. */
  number(what: string): number {
    const { token } = this;
    if (token.kind !== "number") this.refuse(`${what} is wanted`);
    this.take();
    return token.value;
  }

  /** Reads what nests; refuses to do so without end. */
  nested<T>(read: () => T): T {
    if (++this.#depth > DEEPEST) {
      throw new SyntaxProblem(`nested more than ${DEEPEST} deep`, this.#token.column);
    }
    const result = read();
    this.#depth--;
    return result;
  }

  /** Throws SyntaxProblem: "… is wanted", and is not what comes. */
  refuse(wanted: string): never {
    this.refuseForeign();
    const token = this.#token;
    const found = token.kind === "end" ? "the expression ends" : `there is ${quote(token)}`;
    throw new SyntaxProblem(`${wanted}, but ${found}`, token.column);
  }

  /** Throws SyntaxProblem if what comes is a word of the language that is not about Ethernet. */
  refuseForeign(): void {
    const { kind, text, column } = this.#token;
    const reason = kind === "keyword" ? whyNotEthernet(text) : undefined;
    if (reason !== undefined) throw new SyntaxProblem(`"${text}" cannot be asked: ${reason}`, column);
  }
}
