import { mapTypeName } from "../../uapi/index.js";
import { isArray, isQueue, isZero } from "../map-elements.js";
import type { Printer } from "../printer.js";
import { elementLines } from "../show/element-lines.js";
import type { ElementShower, ShownElement } from "../show/map-element.js";
import { counted, grouped, share } from "../show/number.js";
import { inlineText, type ShownValue } from "../show/shown-value.js";
import { type Column, columnWidths, tableRow } from "../show/table.js";
import { wrap } from "../show/wrap.js";
import { type Hook, verdictColour } from "./hook.js";
import type { ElementChange, MapChanges } from "./map-changes.js";
import { outcomeDetails, verdictText } from "./outcome-text.js";
import type { PacketGroup } from "./packet-group.js";
import type { RunReport } from "./run-report.js";

export interface SummaryChoices {
  /** Elements shown of a map. */
  readonly mapLimit: number;
  /** The table of verdicts alone. */
  readonly isQuiet: boolean;
  /** Lines of trace and events were shown as they came. */
  readonly wasTraced: boolean;
}

const INDENT = "  ";

/** Prints what came of a run. */
export function printSummary(printer: Printer, report: RunReport, choices: SummaryChoices): void {
  const summary = new Summary(printer, report, choices);
  summary.heading();
  summary.verdicts();
  if (choices.isQuiet) return;
  summary.maps();
  summary.events();
  summary.trace();
  summary.output();
}

class Summary {
  readonly #printer: Printer;
  readonly #report: RunReport;
  readonly #choices: SummaryChoices;

  constructor(printer: Printer, report: RunReport, choices: SummaryChoices) {
    this.#printer = printer;
    this.#report = report;
    this.#choices = choices;
  }

  #title(text: string): void {
    this.#printer.line();
    this.#printer.line(this.#printer.palette.paint("bold", text));
  }

  #dim(text: string): string {
    return this.#printer.palette.paint("dim", text);
  }

  heading(): void {
    const { program, hook, object, kernel, capture, filter, result, isInterrupted } = this.#report;
    const { palette } = this.#printer;
    this.#printer.line(`${palette.paint("bold", program.name)} (${hook.title}) of ${object}, ${kernel}`);
    const chosen = filter === undefined ? "" : `, ${grouped(result.run)} of them "${filter}"`;
    const until = isInterrupted ? ", interrupted" : "";
    this.#printer.line(`${capture}: ${counted(result.read, "packet")}${chosen}${until}`);
    if (result.cut > 0) {
      const text = `${counted(result.cut, "packet")} cut short by the capture: the program saw their beginnings alone`;
      for (const line of wrap(text, this.#printer.columns)) this.#printer.line(palette.paint("yellow", line));
    }
  }

  verdicts(): void {
    const { hook, result } = this.#report;
    const groups = result.groups.sorted();
    if (groups.length === 0) return;
    const columns: Column[] = [
      { title: "VERDICT" },
      { title: "PACKETS", align: "right" },
      { title: "SHARE", align: "right" },
      { title: "BYTES", align: "right" },
      { title: "FIRST" },
    ];
    const rows = groups.map((group) => [
      verdictText(hook, group),
      grouped(group.packets),
      share(group.packets, result.run),
      grouped(group.bytes),
      group.first.map((number) => `#${number}`).join(" ") +
        (group.packets > group.first.length ? " ..." : ""),
    ]);
    const widths = columnWidths(columns, rows);
    this.#printer.line();
    const titles = columns.map(({ title }) => title);
    this.#printer.line(
      tableRow(columns, widths, titles, (cell) => this.#printer.palette.paint("bold", cell)),
    );
    groups.forEach((group, i) => {
      const paint = (cell: string, column: number) =>
        column === 0 ? this.#verdict(hook, group, cell) : cell;
      this.#printer.line(tableRow(columns, widths, rows[i], paint));
      for (const text of outcomeDetails(hook, group)) this.#wrapped(text);
      if (!this.#choices.isQuiet) this.#printer.line(this.#dim(this.#printer.fit(INDENT + group.sample)));
    });
  }

  #verdict(hook: Hook, group: PacketGroup, text: string): string {
    const colour = group.refusal === undefined ? verdictColour(hook, group.verdict) : "magenta";
    return this.#printer.palette.paint(colour, text);
  }

  #wrapped(text: string): void {
    for (const line of wrap(text, this.#printer.columns - INDENT.length)) this.#printer.line(INDENT + line);
  }

  maps(): void {
    const { maps } = this.#report;
    if (maps.length === 0) return;
    this.#title("MAPS CHANGED");
    for (const changes of maps) {
      if (changes.map.spec.data === undefined) this.#map(changes);
      else this.#globals(changes);
    }
  }

  #map({ map, shower, changes, entries }: MapChanges): void {
    const type = mapTypeName(map.raw.type);
    const filled =
      isArray(map) || isQueue(map) ? "" : `, ${grouped(entries)} of ${grouped(map.spec.maxEntries)} entries`;
    this.#printer.line(`${map.name} ${this.#dim(`${type}${filled}`)}`);
    const { mapLimit } = this.#choices;
    for (const change of changes.slice(0, mapLimit)) {
      const key = shower.keyForPeople(change.key);
      this.#element(key, change, shower, isArray(map));
    }
    if (changes.length > mapLimit) {
      this.#printer.line(
        this.#dim(`${INDENT}... and ${grouped(changes.length - mapLimit)} more (--map-limit)`),
      );
    }
  }

  #element(key: ShownValue, change: ElementChange, shower: ElementShower, wasZero: boolean): void {
    const { before, after } = change;
    if (after === undefined) {
      this.#printer.line(`${INDENT}${inlineText(key)}: ${this.#dim("deleted")}`);
      return;
    }
    // Every element of an array was zero before: no need to say so.
    const isNew = before === undefined || (wasZero && isZero(before));
    this.#changed(key, shower.value(after), isNew ? undefined : shower.value(before));
  }

  /** A value, and what it was before: behind it where it is short. */
  #changed(key: ShownValue | string, now: ShownElement, then: ShownElement | undefined): void {
    const width = this.#printer.columns;
    const lines = elementLines(key, now, width, INDENT);
    const was =
      then?.kind === "one" && then.value.kind === "scalar" ? ` (was ${then.value.text})` : undefined;
    if (was !== undefined && lines.length === 1 && lines[0].length + was.length <= width) {
      this.#printer.line(lines[0] + this.#dim(was));
      return;
    }
    for (const line of lines) this.#printer.line(line);
    if (then === undefined) return;
    for (const line of elementLines("was", then, width, `${INDENT}  `)) this.#printer.line(this.#dim(line));
  }

  /** Of a data section, the variables that differ. */
  #globals({ map, shower, changes }: MapChanges): void {
    this.#printer.line(`${map.name} ${this.#dim("global variables")}`);
    for (const { before, after } of changes) {
      if (after === undefined || before === undefined) continue;
      const [now, then] = [shower.value(after), shower.value(before)];
      const [members, old] = [membersOf(now), membersOf(then)];
      if (members === undefined || old === undefined) this.#changed("value", now, then);
      else for (const [i, [name, value]] of members.entries()) this.#variable(name, value, old[i][1]);
    }
  }

  #variable(name: string, now: ShownValue, then: ShownValue): void {
    if (inlineText(now) !== inlineText(then)) {
      this.#changed(name, { kind: "one", value: now }, { kind: "one", value: then });
    }
  }

  events(): void {
    const { events, copies } = this.#report;
    if (events.length > 0) {
      this.#title("EVENTS");
      for (const { map, records, bytes, lost } of events) {
        const losses = lost === 0 ? "" : `, ${grouped(lost)} lost: its buffer was full`;
        this.#printer.line(`${map}: ${counted(records, "record")}, ${counted(bytes, "byte")}${losses}`);
      }
      if (!this.#choices.wasTraced) this.#printer.line(this.#dim(`${INDENT}-v shows each`));
    }
    if (copies > 0) {
      this.#printer.line();
      this.#printer.line(`${counted(copies, "copy", "copies")} sent by bpf_clone_redirect`);
    }
  }

  trace(): void {
    const { trace } = this.#report;
    if (trace.count === 0 || this.#choices.wasTraced) return;
    this.#title("TRACE");
    for (const { packet, text } of trace.first) this.#printer.line(`${this.#dim(`#${packet}`)} ${text}`);
    const more = trace.count - trace.first.length;
    if (more > 0)
      this.#printer.line(this.#dim(`... and ${counted(more, "more line", "more lines")} (--trace)`));
  }

  output(): void {
    const { output } = this.#report;
    if (output === undefined) return;
    this.#printer.line();
    this.#printer.line(`${output.name}: ${counted(output.packets, "packet")} written`);
  }
}

/** The variables of a data section whose BTF is there. */
function membersOf(
  element: ShownElement,
): readonly (readonly [name: string, value: ShownValue])[] | undefined {
  return element.kind === "one" && element.value.kind === "struct" ? element.value.members : undefined;
}
