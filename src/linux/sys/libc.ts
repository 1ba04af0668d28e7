import { createRequire } from "node:module";
import { endianness } from "node:os";
import { KernelError, MissingToolError, NotSupportedError } from "../../errors.js";

type Koffi = typeof import("koffi");

/** The C library's functions that are called, and what koffi does besides. Errors are KernelErrors. */
export interface LibC {
  /** bpf(2): the result, or minus the error number. */
  bpf(number: number, command: number, attributes: Uint8Array): number;
  perfEventOpen(number: number, attributes: Uint8Array, pid: number, cpu: number, flags: number): number;
  ioctl(fd: number, request: number, argument: number): void;
  close(fd: number): void;
  /** Maps `length` bytes of a file from `offset` on; `address` is for `munmap`. */
  mmap(fd: number, length: number, protection: number, offset: number): MappedMemory;
  munmap(memory: MappedMemory): void;
  pageSize(): number;
  /** Keeps the calling thread on one CPU. */
  setAffinity(cpu: number): void;
  /** Moves the calling thread to new namespaces (CLONE_NEW*). */
  unshare(flags: number): void;
  /** Where a buffer lies; it must be kept alive for as long as the address is used. */
  address(buffer: Uint8Array): bigint;
  /** Calls back whenever a file descriptor is readable, until it is paused or closed. */
  poll(fd: number, onReadable: () => void): Watch;
}

/** A file descriptor in the event loop. Close it before the file descriptor itself. */
export interface Watch {
  pause(): void;
  resume(): void;
  close(): void;
}

/** Memory that a file is mapped to. It must not be touched once it is unmapped. */
export interface MappedMemory {
  readonly address: bigint;
  readonly buffer: ArrayBuffer;
}

/** Byte order of the machine, and so of everything that Linux is given. */
export const isLittleEndian = endianness() === "LE";

const MAP_SHARED = 1;
const MAX_CPUS = 1024;
const MAP_FAILED = 2n ** 64n - 1n;
let loaded: LibC | undefined;

function loadKoffi(): Koffi {
  if (process.platform !== "linux") {
    throw new NotSupportedError("Linux", `the Linux kernel is not to be had on ${process.platform}`);
  }
  try {
    return createRequire(import.meta.url)("koffi") as Koffi;
  } catch (cause) {
    throw new MissingToolError(
      "koffi",
      `koffi, which calls the C library, cannot be loaded on ${process.arch}: npm install koffi`,
      { cause },
    );
  }
}

/** The C library of this process; loaded when first asked for, on Linux only. */
export function libc(): LibC {
  loaded ??= open(loadKoffi());
  return loaded;
}

function open(koffi: Koffi): LibC {
  // Node is linked with it, be it glibc or musl.
  const library = koffi.load(null);
  const bpf = library.func("syscall", "long", ["long", "long", "void *", "long"]);
  const perfEventOpen = library.func("syscall", "long", ["long", "void *", "long", "long", "long", "long"]);
  const ioctl = library.func("int ioctl(int, unsigned long, unsigned long)");
  const close = library.func("int close(int)");
  const mmap = library.func("mmap", "uintptr_t", ["uintptr_t", "size_t", "int", "int", "int", "int64_t"]);
  const munmap = library.func("int munmap(uintptr_t, size_t)");
  const pageSize = library.func("int getpagesize()");
  const setAffinity = library.func("int sched_setaffinity(int, size_t, const void *)");
  const unshare = library.func("int unshare(int)");
  const check = (call: string, result: number): void => {
    if (result < 0) throw new KernelError(call, koffi.errno());
  };
  return {
    bpf(number, command, attributes) {
      const result = Number(bpf(number, command, attributes, attributes.length));
      return result < 0 ? -koffi.errno() : result;
    },
    perfEventOpen(number, attributes, pid, cpu, flags) {
      const fd = Number(perfEventOpen(number, attributes, pid, cpu, -1, flags));
      check("perf_event_open", fd);
      return fd;
    },
    ioctl(fd, request, argument) {
      check("ioctl", ioctl(fd, request, argument));
    },
    close(fd) {
      check("close", close(fd));
    },
    mmap(fd, length, protection, offset) {
      // koffi gives a 64-bit number as a number where that is exact, and as a bigint otherwise.
      const address = BigInt(mmap(0, length, protection, MAP_SHARED, fd, offset));
      if (BigInt.asUintN(64, address) === MAP_FAILED) throw new KernelError("mmap", koffi.errno());
      return { address, buffer: koffi.view(address, length) };
    },
    munmap({ address, buffer }) {
      check("munmap", munmap(address, buffer.byteLength));
    },
    pageSize: () => Number(pageSize()),
    setAffinity(cpu) {
      if (cpu >= MAX_CPUS) throw new RangeError(`CPU ${cpu}`);
      const mask = new Uint8Array(MAX_CPUS / 8);
      mask[cpu >> 3] = 1 << (cpu & 7);
      check("sched_setaffinity", setAffinity(0, mask.length, mask));
    },
    unshare(flags) {
      check("unshare", unshare(flags));
    },
    address: (buffer) => BigInt(koffi.address(buffer)),
    poll(fd, onReadable) {
      const handle = koffi.node.poll(fd, { readable: true }, onReadable);
      return {
        pause: () => handle.stop(),
        resume: () => handle.start({ readable: true }, onReadable),
        close: () => handle.close(),
      };
    },
  };
}
