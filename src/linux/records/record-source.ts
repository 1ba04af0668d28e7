/** Where records of programs come from: memory shared with the kernel, and what says that there are some. */
export interface RecordSource {
  /** Takes records that are there, as copies: some at a time, none where there are none. */
  drain(): Uint8Array[];
  /**
   * Calls back when there may be records, until `unwatch`. True where some may have come unseen before
   * the event loop's next round, from which on none does.
   */
  watch(onReadable: () => void): boolean;
  unwatch(): void;
  /** Gives the memory back. Nothing of it is touched afterwards. */
  close(): void;
}

/** Records that are taken at once, so that a full ring does not fill this process too. */
export const MOST_AT_ONCE = 4096;
