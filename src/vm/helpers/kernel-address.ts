import type { Arena } from "../../arena/index.js";
import { Errno } from "../../uapi/index.js";

/** The pages below are never memory. */
export const LOWEST_ADDRESS = 65536;
/** Where the kernel's half of memory begins on x86-64. */
const KERNEL_HALF = 0xffff_8000_0000_0000n;

/**
 * The arena stands for the kernel's memory: where in it an address of 64 bits is, for functions that may
 * be given any number. -ERANGE for addresses of user space and those that cannot be (mm/maccess.c,
 * copy_from_kernel_nofault_allowed), -EFAULT for those of the kernel where there is nothing.
 */
export function kernelAddress(arena: Arena, address: bigint): number {
  if (address >= BigInt(LOWEST_ADDRESS) && address < BigInt(arena.u8.length)) return Number(address);
  return address >= KERNEL_HALF ? -Errno.EFAULT : -Errno.ERANGE;
}

/** `length` bytes at an address (mm/maccess.c, copy_from_kernel_nofault), or a negative error number. */
export function readKernel(arena: Arena, address: bigint, length: number): Uint8Array | number {
  const at = kernelAddress(arena, address);
  if (length === 0 && at === -Errno.EFAULT) return new Uint8Array(0);
  if (at < 0) return at;
  return at + length > arena.u8.length ? -Errno.EFAULT : arena.u8.slice(at, at + length);
}

/**
 * A NUL-terminated string at an address, of which fewer than `limit` bytes are taken (mm/maccess.c,
 * strncpy_from_kernel_nofault), or a negative error number.
 */
export function readKernelString(arena: Arena, address: bigint, limit: number): Uint8Array | number {
  if (limit === 0) return new Uint8Array(0);
  const at = kernelAddress(arena, address);
  if (at < 0) return at;
  const bytes = arena.u8.subarray(at, at + limit);
  const end = bytes.indexOf(0);
  if (end >= 0) return bytes.slice(0, end);
  return bytes.length < limit ? -Errno.EFAULT : bytes.slice(0, limit - 1);
}
