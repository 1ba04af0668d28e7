import { createRequire } from "node:module";
import { endianness } from "node:os";
import { encodeSockFilters, type SockFilter } from "../../src/packet/index.js";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;
const MSG_DONTWAIT = 0x40;
const LARGEST = 1 << 16;

type Koffi = typeof import("koffi");

/**
 * Linux as a machine of classic BPF: a pair of Unix sockets, at the second of which the program is
 * the filter. A datagram is then the packet, from its first byte on; what arrives of it is as much as
 * the program returned (net/unix/af_unix.c, unix_dgram_sendmsg; net/core/filter.c, sk_filter_trim_cap).
 */
export class LinuxSocketFilter implements Disposable {
  readonly #koffi = createRequire(import.meta.url)("koffi") as Koffi;
  readonly #libc = this.#koffi.load(null);
  readonly #close = this.#libc.func("int close(int)");
  readonly #send = this.#libc.func("long send(int, const void *, size_t, int)");
  readonly #receive = this.#libc.func("long recv(int, _Out_ void *, size_t, int)");
  readonly #setOption = this.#libc.func("int setsockopt(int, int, int, const void *, uint32_t)");
  readonly #sockets = new Int32Array(2);
  readonly #buffer = new Uint8Array(LARGEST);

  constructor() {
    const socketpair = this.#libc.func("int socketpair(int, int, int, _Out_ int *)");
    this.#check("socketpair", socketpair(AF_UNIX, SOCK_DGRAM, 0, this.#sockets));
  }

  /** Makes a program the filter; false where Linux refuses it. */
  attach(program: readonly SockFilter[]): boolean {
    const code = encodeSockFilters(program, endianness() === "LE");
    // struct sock_fprog: an unsigned short, and a pointer where it is aligned.
    const fprog = new DataView(new ArrayBuffer(16));
    fprog.setUint16(0, program.length, endianness() === "LE");
    fprog.setBigUint64(8, BigInt(this.#koffi.address(code)), endianness() === "LE");
    const bytes = new Uint8Array(fprog.buffer);
    return this.#setOption(this.#sockets[1], SOL_SOCKET, SO_ATTACH_FILTER, bytes, bytes.length) === 0;
  }

  /** How many of a packet's bytes the program keeps; 0 where it rejects it. The packet is not empty. */
  run(packet: Uint8Array): number {
    this.#check("send", Number(this.#send(this.#sockets[0], packet, packet.length, 0)));
    const kept = Number(this.#receive(this.#sockets[1], this.#buffer, LARGEST, MSG_DONTWAIT));
    return Math.max(kept, 0);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) this.#close(socket);
  }

  #check(call: string, result: number): void {
    if (result < 0) throw new Error(`${call}: errno ${this.#koffi.errno()}`);
  }
}
