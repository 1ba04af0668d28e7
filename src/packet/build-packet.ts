import type { PseudoHeader } from "./checksum/pseudo-header.js";
import type { Layer } from "./layer.js";

/** A header, or payload: bytes as they are, or text in UTF-8. */
export type PacketPart = Layer | Uint8Array | string;

/**
 * A packet of the given headers, outermost first, and payload:
 * `buildPacket(ethernet(), ipv4({ destination: "10.0.0.2" }), udp({ destinationPort: 53 }), "hello")`.
 * Lengths, protocol numbers and checksums that a header was not told are filled in; those that it was
 * told stay as they are, right or wrong. Throws RangeError for a value that its field cannot hold, and
 * SyntaxProblem for text that is no address.
 */
export function buildPacket(...parts: readonly PacketPart[]): Uint8Array {
  const layers = parts.map((part) =>
    typeof part === "string"
      ? payload(new TextEncoder().encode(part))
      : part instanceof Uint8Array
        ? payload(part)
        : part,
  );
  const starts: number[] = [];
  const pseudoHeaders: (PseudoHeader | undefined)[] = [];
  let end = 0;
  let pseudoHeader: PseudoHeader | undefined;
  for (const layer of layers) {
    starts.push(end);
    end += layer.size;
    pseudoHeaders.push(pseudoHeader);
    if (layer.pseudoHeader !== undefined) pseudoHeader = layer.pseudoHeader(pseudoHeader);
  }
  let size = end;
  for (const [i, layer] of layers.entries()) size = Math.max(size, starts[i] + (layer.minimumLength ?? 0));
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  for (let i = layers.length - 1; i >= 0; i--) {
    const above = layers[i + 1];
    layers[i].write({ bytes, view, at: starts[i], end, above, pseudoHeader: pseudoHeaders[i] });
  }
  return bytes;
}

function payload(data: Uint8Array): Layer {
  return { size: data.length, write: ({ bytes, at }) => bytes.set(data, at) };
}
