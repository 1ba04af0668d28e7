/** "1,234,567": the same in every locale. */
export function grouped(value: number | bigint): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** "1 packet", "2,000 packets". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** A share of a whole: "33.3%"; "<0.1%" and ">99.9%" where rounding would say none or all. */
export function share(part: number, whole: number): string {
  if (whole === 0) return "-";
  const percent = (part / whole) * 100;
  if (part > 0 && percent < 0.05) return "<0.1%";
  if (part < whole && percent >= 99.95) return ">99.9%";
  return `${percent.toFixed(1)}%`;
}
