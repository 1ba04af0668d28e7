import { Arena } from "../arena/index.js";
import type { Btf } from "../btf/index.js";
import { NotSupportedError } from "../errors.js";
import type { Kernel, LoadOptions } from "../kernel.js";
import { type BpfMap, createMap, type HeldProgram, type MapDefinition, type MapHost } from "../maps/index.js";
import { Routing } from "../net/index.js";
import type { KernelConfig, ObjectSpec } from "../object/index.js";
import { Interpreter, type Services, SkBuff, TimerClock, TimerQueue, Trap, XdpBuff } from "../vm/index.js";
import { type Clock, SystemClock } from "./clock.js";
import { HZ, kernelConfig } from "./kernel-config.js";
import { loadObject } from "./load-object.js";
import type { UserObject } from "./user-object.js";
import type { PacketBuffers } from "./user-program.js";

export interface UserKernelOptions {
  /** Possible CPUs: per-CPU values have as many copies; 1 by default. */
  readonly cpus?: number;
  /** The machine's own clock by default. */
  readonly clock?: Clock;
  /** 32 random bits, non-negative; Math.random's by default. */
  readonly random32?: () => number;
  /** Bytes of memory for maps, packets and stacks; 4 GiB at most, which is the default. */
  readonly memory?: number;
  /** Devices, routes and neighbours; a loopback device alone by default. */
  readonly routing?: Routing;
  /**
   * The types that CO-RE relocations are resolved against, such as those of a machine's
   * /sys/kernel/btf/vmlinux. Without it programs keep the layouts they were compiled for: this kernel
   * has no structures but those of the UAPI, so the object's own types are the only truth there is.
   */
  readonly targetBtf?: Btf;
  /** Receives what programs print by bpf_trace_printk. */
  readonly onTrace?: (line: string) => void;
  /** Lines of a kernel's configuration ("CONFIG_FOO=y") for `.kconfig` externs, before this kernel's own. */
  readonly config?: string;
}

const NS_PER_TICK = 1_000_000_000n / BigInt(HZ);
const FIRST_FD = 3;
const LOOPBACK = { ifindex: 1, name: "lo", mtu: 65536, address: new Uint8Array(6), forwarding: false };

/** A kernel of our own, in this process: no privilege, no Linux. */
export class UserKernel implements Kernel, MapHost {
  readonly name = "user";
  readonly arena: Arena;
  readonly cpus: number;
  readonly clock: Clock;
  readonly routing: Routing;
  readonly targetBtf: Btf | undefined;
  readonly timers: TimerQueue;
  readonly interpreter: Interpreter;
  readonly buffers: PacketBuffers;
  /** What `.kconfig` externs are answered from. */
  readonly config: KernelConfig;
  readonly #timerInterpreter: Interpreter;
  readonly #random32: () => number;
  readonly #maps = new Map<number, BpfMap>();
  readonly #handles = new Map<number, BpfMap>();
  readonly #programs = new Map<number, HeldProgram>();
  readonly #pins = new Map<string, BpfMap>();
  readonly #objects = new Set<UserObject>();
  #nextFd = FIRST_FD;
  #nextId = 1;

  constructor(options: UserKernelOptions = {}) {
    this.arena = new Arena(options.memory);
    this.cpus = options.cpus ?? 1;
    this.targetBtf = options.targetBtf;
    this.clock = options.clock ?? new SystemClock();
    this.config = kernelConfig(this.cpus, options.config);
    this.#random32 = options.random32 ?? (() => Math.floor(Math.random() * 2 ** 32));
    this.routing = options.routing ?? new Routing();
    if (!this.routing.hasDevice(LOOPBACK.ifindex)) this.routing.addDevice(LOOPBACK);
    this.timers = new TimerQueue((clock) =>
      clock === TimerClock.Realtime ? this.clock.realtimeNs() : this.clock.monotonicNs(),
    );
    const services = this.#services(options.onTrace);
    const mapAt = (address: number) => this.mapByHandle(address);
    this.interpreter = new Interpreter(this.arena, services, mapAt);
    this.#timerInterpreter = new Interpreter(this.arena, services, mapAt);
    this.buffers = {
      xdp: new XdpBuff(this.arena),
      skb: new SkBuff(this.arena),
      networkSkb: new SkBuff(this.arena, false),
    };
  }

  #services(onTrace: ((line: string) => void) | undefined): Services {
    const { clock, routing, timers, cpus } = this;
    return {
      monotonicNs: () => clock.monotonicNs(),
      bootNs: () => clock.monotonicNs(),
      coarseNs: () => (clock.monotonicNs() / NS_PER_TICK) * NS_PER_TICK,
      taiNs: () => clock.realtimeNs(),
      jiffies: () => clock.monotonicNs() / NS_PER_TICK,
      random32: () => this.random32(),
      cpus,
      trace: (line) => onTrace?.(line),
      timers,
      network: routing,
    };
  }

  get currentCpu(): number {
    return this.interpreter.cpu;
  }

  /** The CPU on which programs run from now on. */
  set currentCpu(cpu: number) {
    if (cpu < 0 || cpu >= this.cpus) throw new RangeError(`CPU ${cpu} of ${this.cpus}`);
    this.interpreter.cpu = cpu;
  }

  monotonicNs(): bigint {
    return this.clock.monotonicNs();
  }

  random32(): number {
    return this.#random32();
  }

  hasDevice(ifindex: number): boolean {
    return this.routing.hasDevice(ifindex);
  }

  valueFreed(address: number, length: number): void {
    this.timers.forget(address, length);
  }

  mapByFd(fd: number): BpfMap | undefined {
    return this.#maps.get(fd);
  }

  programByFd(fd: number): HeldProgram | undefined {
    return this.#programs.get(fd);
  }

  /** The map whose pointer a program has; traps where there is none. */
  mapByHandle(address: number): BpfMap {
    const map = this.#handles.get(address);
    if (map === undefined) throw new Trap("invalid argument", `0x${address.toString(16)} is no map`);
    return map;
  }

  nextId(): number {
    return this.#nextId++;
  }

  /** BPF_MAP_CREATE: a map and the file descriptor by which other maps and programs name it. */
  createMap(definition: MapDefinition): { readonly fd: number; readonly map: BpfMap } {
    const map = createMap(definition, this, this.nextId());
    return { fd: this.addMap(map), map };
  }

  /** Another file descriptor of a map. */
  addMap(map: BpfMap): number {
    const fd = this.#nextFd++;
    this.#maps.set(fd, map);
    this.#handles.set(map.handle, map);
    return fd;
  }

  addProgram(program: HeldProgram): number {
    const fd = this.#nextFd++;
    this.#programs.set(fd, program);
    return fd;
  }

  /** Lets go of a file descriptor. */
  closeFd(fd: number): void {
    this.#maps.get(fd)?.release();
    this.#maps.delete(fd);
    this.#programs.get(fd)?.release();
    this.#programs.delete(fd);
  }

  /** The map pinned under a name. */
  pinned(name: string): BpfMap | undefined {
    return this.#pins.get(name);
  }

  /** Pins a map: it outlives who made it. */
  pin(name: string, map: BpfMap): void {
    map.retain();
    this.#pins.get(name)?.release();
    this.#pins.set(name, map);
  }

  unpin(name: string): boolean {
    this.#pins.get(name)?.release();
    return this.#pins.delete(name);
  }

  /**
   * Loads an object: maps created, programs checked. Throws NotSupportedError, VerifierError or
   * KernelError, and leaves nothing behind then.
   */
  async load(spec: ObjectSpec, options: LoadOptions = {}): Promise<UserObject> {
    const object = loadObject(this, spec, options);
    this.#objects.add(object);
    return object;
  }

  forget(object: UserObject): void {
    this.#objects.delete(object);
  }

  /** Runs the bpf_timers that are due; returns how many ran. */
  runTimers(): number {
    return this.timers.runExpired(({ program, slot, map, address }) => {
      const key = keyOf(map, address);
      if (key === undefined) return;
      const interpreter = this.#timerInterpreter;
      interpreter.startFunction(program, slot, [map.handle, key.key, key.value]);
      if (!interpreter.execute(TIMER_BUDGET)) {
        throw new NotSupportedError(
          "timer callback",
          `program ${program.name}: a timer's callback did not end`,
        );
      }
    });
  }

  async close(): Promise<void> {
    for (const object of [...this.#objects]) object.close();
    for (const name of [...this.#pins.keys()]) this.unpin(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const TIMER_BUDGET = 1 << 26;

/** The element that a timer is in. */
function keyOf(map: BpfMap, address: number): { key: number; value: number } | undefined {
  const { valueSize } = map.definition;
  const elements = map.elements();
  while (elements.next()) {
    if (address >= elements.value && address < elements.value + valueSize) {
      return { key: elements.key, value: elements.value };
    }
  }
  return undefined;
}

/** Opens a user-space kernel. */
export function openUserKernel(options: UserKernelOptions = {}): UserKernel {
  return new UserKernel(options);
}
