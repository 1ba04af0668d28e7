/** The time of day of a packet, in this machine's time zone, as tcpdump prints it: "12:34:56.123456". */
export function timeOfDay(seconds: number, nanoseconds: number): string {
  const date = new Date(seconds * 1000);
  // pcapng has room for times that no calendar has.
  if (Number.isNaN(date.getTime())) return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
  const two = (value: number) => String(value).padStart(2, "0");
  const micros = String(Math.floor(nanoseconds / 1000)).padStart(6, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${micros}`;
}
