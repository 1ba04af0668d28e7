import { BpfCode, isConditional } from "./code.js";
import type { SockFilter } from "./sock-filter.js";

/** How an operand is written, with K in place of $: as a number with its sign, or in hexadecimal. */
type Operand = "" | "x" | `${string}$d${string}` | `${string}$x${string}` | "#pktlen";

const forms = new Map<number, readonly [mnemonic: string, operand: Operand]>([
  [BpfCode.LdWordAbs, ["ld", "[$d]"]],
  [BpfCode.LdHalfAbs, ["ldh", "[$d]"]],
  [BpfCode.LdByteAbs, ["ldb", "[$d]"]],
  [BpfCode.LdWordInd, ["ld", "[x + $d]"]],
  [BpfCode.LdHalfInd, ["ldh", "[x + $d]"]],
  [BpfCode.LdByteInd, ["ldb", "[x + $d]"]],
  [BpfCode.LdImm, ["ld", "#$x"]],
  [BpfCode.LdMem, ["ld", "M[$d]"]],
  [BpfCode.LdLen, ["ld", "#pktlen"]],
  [BpfCode.LdxImm, ["ldx", "#$x"]],
  [BpfCode.LdxMem, ["ldx", "M[$d]"]],
  [BpfCode.LdxLen, ["ldx", "#pktlen"]],
  [BpfCode.LdxMsh, ["ldxb", "4*([$d]&0xf)"]],
  [BpfCode.St, ["st", "M[$d]"]],
  [BpfCode.Stx, ["stx", "M[$d]"]],
  ...arithmetic("add", BpfCode.AddK, "#$d"),
  ...arithmetic("sub", BpfCode.SubK, "#$d"),
  ...arithmetic("mul", BpfCode.MulK, "#$d"),
  ...arithmetic("div", BpfCode.DivK, "#$d"),
  ...arithmetic("mod", BpfCode.ModK, "#$d"),
  ...arithmetic("and", BpfCode.AndK, "#$x"),
  ...arithmetic("or", BpfCode.OrK, "#$x"),
  ...arithmetic("xor", BpfCode.XorK, "#$x"),
  ...arithmetic("lsh", BpfCode.LshK, "#$d"),
  ...arithmetic("rsh", BpfCode.RshK, "#$d"),
  [BpfCode.Neg, ["neg", ""]],
  ...arithmetic("jeq", BpfCode.JeqK, "#$x"),
  ...arithmetic("jgt", BpfCode.JgtK, "#$x"),
  ...arithmetic("jge", BpfCode.JgeK, "#$x"),
  ...arithmetic("jset", BpfCode.JsetK, "#$x"),
  [BpfCode.RetK, ["ret", "#$d"]],
  [BpfCode.RetA, ["ret", ""]],
  [BpfCode.Tax, ["tax", ""]],
  [BpfCode.Txa, ["txa", ""]],
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
export function disassembleBpf(program: readonly SockFilter[]): string[] {
  return program.map((instruction, index) => {
    const number = `(${String(index).padStart(3, "0")})`;
    const { code, jt, jf } = instruction;
    const [mnemonic, operand] =
      code === BpfCode.Ja
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
  return forms.has(code) || code === BpfCode.Ja;
}
