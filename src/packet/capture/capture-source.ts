/**
 * Where a capture's bytes come from: a whole file, or its chunks of any size (`fs.createReadStream`,
 * `File.stream()`, `fetch(…).body`). A chunk must hold still until the next one is asked for.
 */
export type CaptureSource = Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Larger chunks are handed on in pieces of this size, so that joining two never doubles a large one. */
const PIECE = 1024 * 1024;

/** The chunks of a source, none larger than 1 MiB unless it is the only one. */
export async function* chunksOf(source: CaptureSource): AsyncGenerator<Uint8Array, void, undefined> {
  if (source instanceof Uint8Array) {
    yield source;
    return;
  }
  for await (const chunk of Symbol.asyncIterator in source ? source : readAll(source)) {
    for (let at = 0; at < chunk.length; at += PIECE) yield chunk.subarray(at, at + PIECE);
  }
}

/** Async iteration of a ReadableStream, for browsers whose streams have none of their own. */
async function* readAll(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel();
  }
}
