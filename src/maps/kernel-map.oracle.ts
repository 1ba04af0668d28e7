import { createMap } from "../linux/create-map.js";
import { LinuxMap } from "../linux/linux-map.js";
import { libc } from "../linux/sys/libc.js";
import type { MapDefinition } from "./map.js";

/** include/uapi/linux/sched.h. */
const CLONE_NEWNET = 0x40000000;

/** A map of the running kernel, as a definition for ours says; `innerFd` is an inner map's of the outer ones. */
export function kernelMap(definition: MapDefinition, innerFd?: number): LinuxMap {
  const { name, type, keySize, valueSize, maxEntries, flags, mapExtra } = definition;
  return new LinuxMap(createMap({ name, type, keySize, valueSize, maxEntries, flags, mapExtra, innerFd }));
}

/** Keeps this thread on one CPU, in a network namespace of its own whose only device is lo (ifindex 1). */
export function isolateThread(): void {
  libc().setAffinity(0);
  libc().unshare(CLONE_NEWNET);
}
