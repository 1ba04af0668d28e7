import { Arena } from "../arena/index.js";
import { possibleCpus as linuxCpus } from "../linux/possible-cpus.js";
import type { BpfMap, HeldProgram, MapHost } from "./map.js";

/** The number of possible CPUs of this machine, as per-CPU values of its kernel have it; 2 elsewhere. */
export function possibleCpus(): number {
  return process.platform === "linux" ? linuxCpus() : 2;
}

/** A host for tests: what it knows of maps, programs and devices is written into its fields. */
export class TestHost implements MapHost {
  readonly arena: Arena;
  readonly cpus: number;
  currentCpu = 0;
  now = 0n;
  seed = 1;
  readonly maps = new Map<number, BpfMap>();
  readonly programs = new Map<number, HeldProgram>();
  readonly devices = new Set<number>([1]);
  readonly freed: number[] = [];

  constructor(cpus = 2, arena = new Arena()) {
    this.cpus = cpus;
    this.arena = arena;
  }

  monotonicNs(): bigint {
    return this.now;
  }

  random32(): number {
    this.seed = (Math.imul(this.seed, 1103515245) + 12345) >>> 0;
    return this.seed;
  }

  mapByFd(fd: number): BpfMap | undefined {
    return this.maps.get(fd);
  }

  programByFd(fd: number): HeldProgram | undefined {
    return this.programs.get(fd);
  }

  hasDevice(ifindex: number): boolean {
    return this.devices.has(ifindex);
  }

  valueFreed(address: number): void {
    this.freed.push(address);
  }
}
