/** A packet that bpf_clone_redirect sent while the program ran. */
export interface SentCopy {
  readonly packet: Uint8Array;
  readonly ifindex: number;
  /** Into the device rather than out of it. */
  readonly isIngress: boolean;
}

const F_INGRESS = 1;

/** The copies that the program sends for one packet, and how many it has sent in all. */
export class SentCopies {
  readonly current: SentCopy[] = [];
  count = 0;

  readonly add = (packet: Uint8Array, ifindex: number, flags: number): void => {
    this.count++;
    this.current.push({ packet, ifindex, isIngress: (flags & F_INGRESS) !== 0 });
  };

  /** Forgets the copies of the packet before. */
  next(): void {
    if (this.current.length > 0) this.current.length = 0;
  }
}
