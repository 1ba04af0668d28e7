import { ClassicBpfCode, isConditional } from "./code.js";
import type { SockFilter } from "./sock-filter.js";

/** How an operand is written, with K in place of $: as a number with its sign, or in hexadecimal. */
type Operand = "" | "x" | `${string}$d${string}` | `${string}$x${string}` | "#pktlen";

const forms = new Map<number, readonly [mnemonic: string, operand: Operand]>([
  [ClassicBpfCode.LdWordAbs, ["ld", "[$d]"]],
  [ClassicBpfCode.LdHalfAbs, ["ldh", "[$d]"]],
  [ClassicBpfCode.LdByteAbs, ["ldb", "[$d]"]],
  [ClassicBpfCode.LdWordInd, ["ld", "[x + $d]"]],
  [ClassicBpfCode.LdHalfInd, ["ldh", "[x + $d]"]],
  [ClassicBpfCode.LdByteInd, ["ldb", "[x + $d]"]],
  [ClassicBpfCode.LdImm, ["ld", "#$x"]],
  [ClassicBpfCode.LdMem, ["ld", "M[$d]"]],
  [ClassicBpfCode.LdLen, ["ld", "#pktlen"]],
  [ClassicBpfCode.LdxImm, ["ldx", "#$x"]],
  [ClassicBpfCode.LdxMem, ["ldx", "M[$d]"]],
  [ClassicBpfCode.LdxLen, ["ldx", "#pktlen"]],
  [ClassicBpfCode.LdxMsh, ["ldxb", "4*([$d]&0xf)"]],
  [ClassicBpfCode.St, ["st", "M[$d]"]],
  [ClassicBpfCode.Stx, ["stx", "M[$d]"]],
  ...arithmetic("add", ClassicBpfCode.AddK, "#$d"),
  ...arithmetic("sub", ClassicBpfCode.SubK, "#$d"),
  ...arithmetic("mul", ClassicBpfCode.MulK, "#$d"),
  ...arithmetic("div", ClassicBpfCode.DivK, "#$d"),
  ...arithmetic("mod", ClassicBpfCode.ModK, "#$d"),
  ...arithmetic("and", ClassicBpfCode.AndK, "#$x"),
  ...arithmetic("or", ClassicBpfCode.OrK, "#$x"),
  ...arithmetic("xor", ClassicBpfCode.XorK, "#$x"),
  ...arithmetic("lsh", ClassicBpfCode.LshK, "#$d"),
  ...arithmetic("rsh", ClassicBpfCode.RshK, "#$d"),
  [ClassicBpfCode.Neg, ["neg", ""]],
  ...arithmetic("jeq", ClassicBpfCode.JeqK, "#$x"),
  ...arithmetic("jgt", ClassicBpfCode.JgtK, "#$x"),
  ...arithmetic("jge", ClassicBpfCode.JgeK, "#$x"),
  ...arithmetic("jset", ClassicBpfCode.JsetK, "#$x"),
  [ClassicBpfCode.RetK, ["ret", "#$d"]],
  [ClassicBpfCode.RetA, ["ret", ""]],
  [ClassicBpfCode.Tax, ["tax", ""]],
  [ClassicBpfCode.Txa, ["txa", ""]],
]);

/** The forms with K and with X, whose codes differ by SOURCE_X. */
function arithmetic(mnemonic: string, codeOfK: number, operand: Operand) {
  return [
    [codeOfK, [mnemonic, operand]],
    [codeOfK | 0x08, [mnemonic, "x"]],
  ] as const;
}

/**
 * The text of a program, one line an instruction, as `tcpdump -d` prints it: "(000) ldh      [12]".
 * Jumps name the instruction that they go to. A code that does not exist is written as "unimp".
 */
export function disassembleClassicBpf(program: readonly SockFilter[]): string[] {
  return program.map((instruction, index) => {
    const number = `(${String(index).padStart(3, "0")})`;
    const { code, jt, jf } = instruction;
    const [mnemonic, operand] =
      code === ClassicBpfCode.Ja
        ? ["ja", String((index + 1 + instruction.k) >>> 0)]
        : (wordsOf(instruction) ?? ["unimp", `0x${code.toString(16)}`]);
    const text = `${number} ${mnemonic.padEnd(8)} ${operand}`;
    // libpcap up to 1.10 leaves the padding of a missing operand at the line's end; 1.11 does not.
    if (!isConditional(code)) return text.trimEnd();
    return `${number} ${mnemonic.padEnd(8)} ${operand.padEnd(16)} jt ${index + 1 + jt}\tjf ${index + 1 + jf}`;
  });
}

function wordsOf({ code, k }: SockFilter): [string, string] | undefined {
  const form = forms.get(code);
  if (form === undefined) return undefined;
  const [mnemonic, operand] = form;
  return [mnemonic, operand.replace("$d", String(k | 0)).replace("$x", `0x${k.toString(16)}`)];
}

/** Every code that there is. */
export function isKnownCode(code: number): boolean {
  return forms.has(code) || code === ClassicBpfCode.Ja;
}
