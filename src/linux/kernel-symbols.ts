import { readFileSync } from "node:fs";

const FILE = "/proc/kallsyms";

/** Addresses of the kernel's symbols, read when one is first asked for. */
export class KernelSymbols {
  #text: string | undefined;

  /** The address of a symbol; undefined where there is none, or it is not to be known. */
  address(name: string): bigint | undefined {
    this.#text ??= readFileSync(FILE, "latin1");
    const text = this.#text;
    // "ffffffff81000000 T _stext" and, for a module's, a tab and "[module]".
    const at = text.search(new RegExp(`^[0-9a-f]+ . ${escaped(name)}(\\t|$)`, "m"));
    if (at < 0) return undefined;
    const address = BigInt(`0x${text.slice(at, text.indexOf(" ", at))}`);
    // Zeroes are what the unprivileged see (kptr_restrict).
    return address === 0n ? undefined : address;
  }
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
