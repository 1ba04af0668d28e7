import { release } from "node:os";
import type { KernelChoice } from "./options.js";

/** How outputs name the kernel that produced them. */
export function kernelTitle(kernel: KernelChoice): string {
  return kernel === "user" ? "user-space kernel (interpreter)" : `Linux ${release()}`;
}
