import { CaptureFormatError } from "../../errors.js";
import type { ByteWindow } from "./byte-window.js";
import type { CaptureDecoder } from "./capture-decoder.js";
import type { CaptureInterface } from "./capture-interface.js";
import { CapturedPacket } from "./captured-packet.js";
import { LinkType, linkTypeName } from "./link-type.js";
import { isRawIp, RawIpWrapper } from "./raw-ip.js";

export interface CaptureOptions {
  /**
   * Give packets of raw IP captures (RAW, IPV4, IPV6) an Ethernet header with destination
   * 02:00:00:00:00:02 and source 02:00:00:00:00:01, instead of refusing them.
   */
  wrapRawIp?: boolean;
  /** Give packets of every link type as they are, instead of refusing those that are not Ethernet. */
  anyLinkType?: boolean;
}

/**
 * Reads a capture's packets in order, in memory that does not grow with its length. `next()` is
 * synchronous and makes no object; `fill()` waits for more of the file:
 *
 *     do {
 *       while (reader.next()) use(reader.packet);
 *     } while (await reader.fill());
 *
 * or, at the price of a copy per packet, `for await (const packet of reader)`.
 *
 * A damaged or cut file throws CaptureFormatError, after all packets before the damage were given; a
 * packet whose link type is not Ethernet throws it too, unless the options say otherwise.
 */
export class CaptureReader implements AsyncIterable<CapturedPacket>, AsyncDisposable {
  readonly format: "pcap" | "pcapng";
  /** The packet that the last `next()` came to; changed by the following one. */
  readonly packet = new CapturedPacket();
  readonly #window: ByteWindow;
  readonly #decoder: CaptureDecoder;
  readonly #chunks: AsyncIterator<Uint8Array> | undefined;
  readonly #options: CaptureOptions;
  readonly #wrapper = new RawIpWrapper();
  #ended: boolean;

  /** Use `openCapture` or `readCapture`. `chunks` is what follows the window, if anything does. */
  constructor(
    window: ByteWindow,
    decoder: CaptureDecoder,
    options: CaptureOptions,
    chunks?: AsyncIterator<Uint8Array>,
  ) {
    this.format = decoder.format;
    this.#window = window;
    this.#decoder = decoder;
    this.#options = options;
    this.#chunks = chunks;
    this.#ended = chunks === undefined;
    // A pcap file has one link type, known before its first packet.
    if (decoder.format === "pcap") this.#checkLinkType(decoder.interfaces[0]);
  }

  /** Interfaces described so far; for pcapng, those of the section being read. */
  get interfaces(): readonly CaptureInterface[] {
    return this.#decoder.interfaces;
  }

  /** Bytes of the (decompressed) file that have been consumed: for progress bars. */
  get position(): number {
    return this.#window.offset;
  }

  /** Steps to the next packet; false where more of the file must be fetched by `fill()`, or at its end. */
  next(): boolean {
    const packet = this.packet;
    if (!this.#decoder.next(this.#window, packet)) {
      if (this.#ended) this.#decoder.finish(this.#window);
      return false;
    }
    if (packet.interface.linkType !== LinkType.Ethernet) {
      this.#checkLinkType(packet.interface);
      if (this.#options.wrapRawIp === true && isRawIp(packet.interface.linkType)) this.#wrapper.wrap(packet);
    }
    return true;
  }

  /** Waits for another chunk; false at the end of the file. Throws where the file ends too early. */
  async fill(): Promise<boolean> {
    if (this.#ended) return false;
    const chunk = await this.#chunks!.next();
    if (chunk.done !== true) {
      this.#window.append(chunk.value);
      return true;
    }
    this.#ended = true;
    this.#decoder.finish(this.#window);
    return false;
  }

  /** Every packet as a copy of its own; closes the reader at the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CapturedPacket, void, undefined> {
    try {
      do {
        while (this.next()) yield this.packet.copy();
      } while (await this.fill());
    } finally {
      await this.close();
    }
  }

  /** Lets go of the source, wherever reading has come to. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#chunks?.return?.();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #checkLinkType({ linkType }: CaptureInterface): void {
    const { anyLinkType, wrapRawIp } = this.#options;
    const raw = isRawIp(linkType);
    if (linkType === LinkType.Ethernet || anyLinkType === true || (wrapRawIp === true && raw)) return;
    throw new CaptureFormatError(
      `link type ${linkType} (${linkTypeName(linkType)}) is not Ethernet: only Ethernet captures (1, EN10MB) are read` +
        (raw ? ", or raw IP such as this when asked to wrap it in Ethernet" : ""),
      { offset: this.#window.offset },
    );
  }
}
