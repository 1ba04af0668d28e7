/** A line that a program printed with bpf_trace_printk. */
export interface TraceLine {
  /** The packet that it was run for. */
  readonly packet: number;
  readonly text: string;
}

/** Lines kept for the summary where they are not shown as they come. */
const KEPT = 10;

/** What programs print. */
export class TraceLog {
  readonly first: TraceLine[] = [];
  count = 0;
  /** The packet that is run now. */
  packet = 0;
  /** Is told of each line as it comes, where somebody wants to see all. */
  onLine: ((line: TraceLine) => void) | undefined;

  readonly add = (text: string): void => {
    this.count++;
    const isKept = this.first.length < KEPT;
    if (!isKept && this.onLine === undefined) return;
    const line = { packet: this.packet, text: printable(text.replace(/\n$/, "")) };
    if (isKept) this.first.push(line);
    this.onLine?.(line);
  };
}

/** The kernel's text is bytes; what would move a terminal's cursor is written as C writes it. */
function printable(text: string): string {
  const decoded = Buffer.from(text, "latin1").toString();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return decoded.replace(/[\x00-\x08\x0a-\x1f\x7f]/g, (character) => {
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  });
}
