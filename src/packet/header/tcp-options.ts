import { field } from "../layer.js";

/** One option of a TCP header. */
export type TcpOption =
  | { kind: "nop" }
  | { kind: "mss"; size: number }
  | { kind: "window-scale"; shift: number }
  | { kind: "sack-permitted" }
  /** Blocks of received data: first and last-plus-one sequence numbers (RFC 2018). */
  | { kind: "sack"; blocks: { left: number; right: number }[] }
  /** RFC 7323. */
  | { kind: "timestamps"; value: number; echo: number }
  /** Any other kind, or one of the above with another length than it should have. */
  | { kind: number; data: Uint8Array };

const END = 0;
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const TIMESTAMPS = 8;

/** The options in `bytes[start..end)` up to the end of the list; undefined where one is cut. */
export function parseTcpOptions(bytes: Uint8Array, start: number, end: number): TcpOption[] | undefined {
  const options: TcpOption[] = [];
  for (let at = start; at < end && bytes[at] !== END; ) {
    if (bytes[at] === NOP) {
      options.push({ kind: "nop" });
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1] : 0;
    if (length < 2 || at + length > end) return undefined;
    options.push(parseOption(bytes[at], bytes.slice(at + 2, at + length)));
    at += length;
  }
  return options;
}

function parseOption(kind: number, data: Uint8Array): TcpOption {
  const view = new DataView(data.buffer);
  if (kind === MSS && data.length === 2) return { kind: "mss", size: view.getUint16(0) };
  if (kind === WINDOW_SCALE && data.length === 1) return { kind: "window-scale", shift: data[0] };
  if (kind === SACK_PERMITTED && data.length === 0) return { kind: "sack-permitted" };
  if (kind === TIMESTAMPS && data.length === 8) {
    return { kind: "timestamps", value: view.getUint32(0), echo: view.getUint32(4) };
  }
  if (kind === SACK && data.length > 0 && data.length % 8 === 0) {
    const blocks = Array.from({ length: data.length / 8 }, (_, i) => ({
      left: view.getUint32(i * 8),
      right: view.getUint32(i * 8 + 4),
    }));
    return { kind: "sack", blocks };
  }
  return { kind, data };
}

/** The bytes of options, not padded. Throws RangeError for a value that its field cannot hold. */
export function tcpOptions(options: readonly TcpOption[]): Uint8Array {
  const bytes: number[] = [];
  const u16 = (value: number): number[] => [value >>> 8, value & 0xff];
  const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value & 0xffff)];
  for (const option of options) {
    switch (option.kind) {
      case "nop":
        bytes.push(NOP);
        break;
      case "mss":
        bytes.push(MSS, 4, ...u16(field("size", option.size, 16)));
        break;
      case "window-scale":
        bytes.push(WINDOW_SCALE, 3, field("shift", option.shift, 8));
        break;
      case "sack-permitted":
        bytes.push(SACK_PERMITTED, 2);
        break;
      case "sack":
        bytes.push(SACK, 2 + option.blocks.length * 8);
        for (const { left, right } of option.blocks) {
          bytes.push(...u32(field("left", left, 32)), ...u32(field("right", right, 32)));
        }
        break;
      case "timestamps":
        bytes.push(
          TIMESTAMPS,
          10,
          ...u32(field("value", option.value, 32)),
          ...u32(field("echo", option.echo, 32)),
        );
        break;
      default:
        bytes.push(
          field("kind", option.kind, 8),
          field("option length", option.data.length + 2, 8),
          ...option.data,
        );
    }
  }
  return Uint8Array.from(bytes);
}
