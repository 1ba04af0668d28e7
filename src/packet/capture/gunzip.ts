import { CaptureFormatError } from "../../errors.js";

/** The decompressed chunks of a gzip stream, in constant memory; CaptureFormatError where it is damaged or cut. */
export async function* gunzip(
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { readable, writable } = new DecompressionStream("gzip");
  const writer = writable.getWriter();
  let sourceFailed: { cause: unknown } | undefined;
  const feeding = (async () => {
    const chunks = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await chunks.next().catch((cause: unknown) => {
          sourceFailed = { cause };
          throw cause;
        });
        if (next.done) break;
        await writer.ready;
        await writer.write(next.value as Uint8Array<ArrayBuffer>);
      }
      await writer.close();
    } catch (error) {
      // The readable side reports it; aborting a stream that has failed already fails again.
      await writer.abort(error).catch(() => undefined);
    } finally {
      await chunks.return?.();
    }
  })();
  const reader = readable.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (cause) {
    if (sourceFailed !== undefined) throw sourceFailed.cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CaptureFormatError(`the gzip'ed capture is damaged or cut short: ${reason}`, {}, { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
    await feeding;
  }
}
