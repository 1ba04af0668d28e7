import { isSameAddress } from "./prefix.js";

/** Whose link-layer address is known: an entry of the ARP or neighbour-discovery table. */
export interface Neighbour {
  readonly ifindex: number;
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** 6 bytes. */
  readonly linkAddress: Uint8Array;
  /** Whether its link-layer address may be used (NUD_VALID): not while it is asked for, nor in vain. */
  readonly isValid?: boolean;
}

/** The neighbours of one namespace, of both families. */
export class NeighbourTable {
  readonly #entries: Neighbour[] = [];

  /** Adds an entry, or puts it in the place of the one for the same address. */
  add(neighbour: Neighbour): void {
    const at = this.#entries.findIndex((entry) => isSame(entry, neighbour.ifindex, neighbour.address));
    this.#entries.splice(at < 0 ? this.#entries.length : at, 1, neighbour);
  }

  /** The entry for an address on a device, valid or not. */
  find(ifindex: number, address: Uint8Array): Neighbour | undefined {
    return this.#entries.find((entry) => isSame(entry, ifindex, address));
  }
}

function isSame(entry: Neighbour, ifindex: number, address: Uint8Array): boolean {
  return entry.ifindex === ifindex && isSameAddress(entry.address, address);
}
