/**
 * Which RX queue a network card would put a packet in: receive-side scaling as Microsoft specifies it
 * and cards do it, the Toeplitz hash of addresses and TCP or UDP ports under the specification's
 * example key. A flow stays in its queue; what is not IP goes to the first.
 */

const KEY = Uint8Array.from(
  "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa".match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
);
const ETH_HLEN = 14;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const TCP = 6;
const UDP = 17;

/** Hashes stretches of bytes that follow one another. */
class Toeplitz {
  hash = 0;
  /** Bytes of the key that are used up. */
  #at = 0;
  /** The 32 bits of the key that the next input bit selects. */
  #window = 0;

  reset(): void {
    this.hash = 0;
    this.#at = 4;
    this.#window = (KEY[0] << 24) | (KEY[1] << 16) | (KEY[2] << 8) | KEY[3];
  }

  add(bytes: Uint8Array, start: number, length: number): void {
    for (let i = start; i < start + length; i++) {
      const next = KEY[this.#at++];
      for (let bit = 7; bit >= 0; bit--) {
        if (((bytes[i] >> bit) & 1) === 1) this.hash ^= this.#window;
        this.#window = (this.#window << 1) | ((next >> bit) & 1);
      }
    }
  }
}

const toeplitz = new Toeplitz();

/** The hash of an Ethernet frame, as an unsigned number; 0 where it carries no IP. */
export function receiveHash(frame: Uint8Array): number {
  toeplitz.reset();
  const type = (frame[12] << 8) | frame[13];
  if (type === 0x0800 && frame.length >= ETH_HLEN + IPV4_HEADER) {
    toeplitz.add(frame, ETH_HLEN + 12, 8);
    // Of a fragment, only the first has ports: all go by their addresses.
    const isFragment = ((frame[ETH_HLEN + 6] & 0x3f) | frame[ETH_HLEN + 7]) !== 0;
    if (!isFragment) addPorts(frame, frame[ETH_HLEN + 9], ETH_HLEN + (frame[ETH_HLEN] & 15) * 4);
  } else if (type === 0x86dd && frame.length >= ETH_HLEN + IPV6_HEADER) {
    toeplitz.add(frame, ETH_HLEN + 8, 32);
    addPorts(frame, frame[ETH_HLEN + 6], ETH_HLEN + IPV6_HEADER);
  }
  return toeplitz.hash >>> 0;
}

function addPorts(frame: Uint8Array, protocol: number, at: number): void {
  if ((protocol === TCP || protocol === UDP) && at + 4 <= frame.length) toeplitz.add(frame, at, 4);
}

/** Number of the queue, of `queues`. */
export function receiveQueue(frame: Uint8Array, queues: number): number {
  return receiveHash(frame) % queues;
}
