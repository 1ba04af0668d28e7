import { CaptureFormatError, NotSupportedError } from "../../errors.js";
import { ByteWindow } from "./byte-window.js";
import type { CaptureDecoder } from "./capture-decoder.js";
import { type CaptureFormat, detectCaptureFormat, SIGNATURE } from "./capture-format.js";
import { type CaptureOptions, CaptureReader } from "./capture-reader.js";
import { type CaptureSource, chunksOf } from "./capture-source.js";
import { gunzip } from "./gunzip.js";
import { PcapDecoder } from "./pcap-decoder.js";
import { FILE_HEADER } from "./pcap-format.js";
import { PcapngDecoder } from "./pcapng-decoder.js";

/**
 * Opens a pcap or pcapng capture, either of which may be gzip'ed. Throws CaptureFormatError for what
 * is no capture, is damaged, or (pcap) has a link type that is not read, and NotSupportedError for
 * capture formats known by name.
 */
export async function openCapture(
  source: CaptureSource,
  options: CaptureOptions = {},
): Promise<CaptureReader> {
  let chunks = chunksOf(source);
  try {
    let window = new ByteWindow();
    await fillTo(window, chunks, SIGNATURE);
    let format = detectCaptureFormat(signature(window), window.available);
    if (format === "gzip") {
      chunks = gunzip(prepend(window.bytes.subarray(window.position, window.end), chunks));
      window = new ByteWindow();
      await fillTo(window, chunks, SIGNATURE);
      format = detectCaptureFormat(signature(window), window.available);
      if (format === "gzip") throw new NotSupportedError("capture format", "the capture was gzip'ed twice");
    }
    if (format === "pcap") await fillTo(window, chunks, FILE_HEADER);
    return new CaptureReader(window, decoderOf(format, window), options, chunks);
  } catch (error) {
    await chunks.return();
    throw error;
  }
}

/** As `openCapture`, for a whole file in memory that is not gzip'ed: `next()` alone reads all of it. */
export function readCapture(file: Uint8Array, options: CaptureOptions = {}): CaptureReader {
  const window = new ByteWindow();
  window.append(file);
  const format = detectCaptureFormat(file, file.length);
  if (format === "gzip") {
    throw new NotSupportedError("capture format", "the capture is gzip'ed: openCapture decompresses it");
  }
  return new CaptureReader(window, decoderOf(format, window), options);
}

function decoderOf(format: Exclude<CaptureFormat, "gzip">, window: ByteWindow): CaptureDecoder {
  if (format === "pcapng") return new PcapngDecoder();
  if (window.available < FILE_HEADER) {
    throw new CaptureFormatError(
      `the file is cut off: ${window.available} of its header's ${FILE_HEADER} bytes are there`,
      { offset: 0 },
    );
  }
  return new PcapDecoder(window);
}

function signature(window: ByteWindow): Uint8Array {
  return window.bytes.subarray(window.position, window.end);
}

async function fillTo(window: ByteWindow, chunks: AsyncIterator<Uint8Array>, count: number): Promise<void> {
  while (window.available < count) {
    const chunk = await chunks.next();
    if (chunk.done === true) return;
    window.append(chunk.value);
  }
}

async function* prepend(
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void, undefined>,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield first;
  yield* rest;
}
