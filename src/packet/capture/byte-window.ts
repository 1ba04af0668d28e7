/**
 * The part of a file that is in memory: what has arrived and is not consumed yet. A chunk that
 * arrives at an empty window is used in place, without a copy; otherwise it is appended to the rest
 * in a buffer of the window's own, which grows by doubling, so that tiny chunks cost no more than
 * linear time.
 */
export class ByteWindow {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(this.bytes.buffer);
  /** Index in `bytes` of the first byte that is not consumed. */
  position = 0;
  /** Index in `bytes` just behind the last byte that has arrived. */
  end = 0;
  /** File offset of `bytes[0]`. */
  base = 0;
  /** How many of the bytes to come are to be dropped unseen. */
  #skip = 0;
  #own = new Uint8Array(0);

  get available(): number {
    return this.end - this.position;
  }

  /** File offset of the next byte. */
  get offset(): number {
    return this.base + this.position;
  }

  /** Consumes `count` bytes, whether they have arrived or not; those that have not are dropped as they come. */
  skip(count: number): void {
    const here = Math.min(count, this.available);
    this.position += here;
    this.#skip += count - here;
  }

  /** How many bytes are still missing of what `skip` was told to pass over. */
  get owed(): number {
    return this.#skip;
  }

  append(chunk: Uint8Array): void {
    let fresh = chunk;
    if (this.#skip > 0) {
      const dropped = Math.min(this.#skip, chunk.length);
      this.#skip -= dropped;
      this.base += dropped;
      fresh = chunk.subarray(dropped);
    }
    if (fresh.length === 0) return;
    const rest = this.available;
    if (rest === 0) {
      this.base += this.position;
      this.#use(fresh, 0, fresh.length);
      return;
    }
    const total = rest + fresh.length;
    if (this.bytes === this.#own && this.end + fresh.length <= this.#own.length) {
      this.#own.set(fresh, this.end);
      this.end += fresh.length;
      return;
    }
    // Moving the rest to the front is worth it where it is small beside what comes, or where it frees
    // at least as much as it moves; else tiny chunks would cost quadratic time.
    const fits = total <= this.#own.length && (rest <= fresh.length || total * 2 <= this.#own.length);
    const target = fits ? this.#own : new Uint8Array(Math.max(8192, total * 2));
    target.set(this.bytes.subarray(this.position, this.end), 0);
    target.set(fresh, rest);
    this.base += this.position;
    this.#own = target;
    this.#use(target, 0, total);
  }

  #use(bytes: Uint8Array, position: number, end: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.position = position;
    this.end = end;
  }
}
