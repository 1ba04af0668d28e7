export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly align?: "left" | "right";
}

const GAP = "  ";

/** Widths of columns that hold these cells. */
export function columnWidths(columns: readonly Column[], rows: readonly (readonly string[])[]): number[] {
  return columns.map(({ title }, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
}

/** One row of a table; nothing is padded behind the last cell that has text. */
export function tableRow(
  columns: readonly Column[],
  widths: readonly number[],
  cells: readonly string[],
  paint: (cell: string, column: number) => string = (cell) => cell,
): string {
  let line = "";
  let pending = "";
  columns.forEach(({ align }, i) => {
    const cell = cells[i];
    const room = " ".repeat(widths[i] - cell.length);
    const isRight = align === "right";
    if (cell !== "") {
      line += `${pending}${isRight ? room : ""}${paint(cell, i)}`;
      pending = isRight ? "" : room;
    } else {
      pending += room;
    }
    pending += GAP;
  });
  return line;
}
