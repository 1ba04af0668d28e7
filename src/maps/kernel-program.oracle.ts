import { program as encodeProgram, type Instruction, insn } from "../asm/index.js";
import type { LinuxMap } from "../linux/linux-map.js";
import { loadProgram } from "../linux/load-program.js";
import { Descriptor } from "../linux/sys/descriptor.js";
import { TestRunner } from "../linux/test-run.js";
import { AttachType, MapType, ProgramType, XdpAction } from "../uapi/index.js";
import type { BpfMap } from "./map.js";

/** What a program does to a map, by helper id. */
export const Helper = {
  lookup: 1,
  update: 2,
  delete: 3,
  push: 87,
  pop: 88,
  peek: 89,
  lookupPerCpu: 195,
} as const;
export type Helper = (typeof Helper)[keyof typeof Helper];

/** The packet, and the copy of it on the stack: u32 helper, s32 result, u64 flags, then key and value. */
const RESULT = 4;
const FLAGS = 8;
const KEY = 16;
/** BPF_FUNC_xdp_load_bytes and BPF_FUNC_xdp_store_bytes. */
const LOAD_BYTES = 189;
const STORE_BYTES = 190;
/** The most that a program has of stack, in bytes (MAX_BPF_STACK). */
const STACK = 512;

const slots = (insns: readonly Instruction[]) =>
  insns.reduce((sum, each) => sum + (each.nextImm === undefined ? 1 : 2), 0);

export function helpersOf(type: MapType): Helper[] {
  const { lookup, update, push, pop, peek, lookupPerCpu } = Helper;
  if (type === MapType.Queue || type === MapType.Stack) return [push, pop, peek];
  if (type === MapType.BloomFilter) return [push, peek];
  const all: Helper[] = [lookup, update, Helper.delete];
  const perCpu: number[] = [MapType.PercpuHash, MapType.PercpuArray, MapType.LruPercpuHash];
  return perCpu.includes(type) ? [...all, lookupPerCpu] : all;
}

/** How one helper call went: its result (1 or 0 for look-ups), and the value's bytes afterwards. */
export interface HelperOutcome {
  readonly result: number;
  readonly value: string;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/**
 * An XDP program that does to a map of the running kernel what its packet says. It works on a copy on
 * its stack: Linux gives no packet memory to helpers that write what they are given, as map_pop does.
 */
export class KernelProgram {
  readonly #program: Descriptor;
  readonly #runner = new TestRunner();
  readonly #valueAt: number;
  readonly #map: LinuxMap;

  constructor(map: LinuxMap) {
    this.#map = map;
    const { keySize, type } = map.info;
    this.#valueAt = KEY + Math.ceil(keySize / 8) * 8;
    if (this.#size > STACK) throw new RangeError(`${this.#size} bytes of stack`);
    const blocks = helpersOf(type as MapType).map((helper) => this.#block(helper));
    const code = encodeProgram(...this.#prologue(), ...blocks.flat(), insn.mov64Imm(0, 0), insn.exit());
    const { fd } = loadProgram({
      name: "map_helpers",
      type: ProgramType.Xdp,
      expectedAttachType: AttachType.Xdp,
      code,
      license: "GPL",
      flags: 0,
    });
    this.#program = new Descriptor(fd, "program map_helpers");
  }

  get fd(): number {
    return this.#program.fd;
  }

  close(): void {
    this.#program.close();
  }

  get #size(): number {
    return Math.ceil((this.#valueAt + this.#map.info.valueSize) / 8) * 8;
  }

  /** Copies all of the packet to the stack, or back. */
  #copy(helper: number): Instruction[] {
    return [
      insn.mov64Reg(1, 9),
      insn.mov64Imm(2, 0),
      insn.mov64Reg(3, 6),
      insn.mov64Imm(4, this.#size),
      insn.call(helper),
    ];
  }

  #prologue(): Instruction[] {
    return [
      insn.mov64Reg(9, 1),
      insn.mov64Reg(6, 10),
      insn.alu64Imm("Add", 6, -this.#size),
      ...this.#copy(LOAD_BYTES),
      insn.jumpImm("Jeq", 0, 0, 2),
      insn.mov64Imm(0, 0),
      insn.exit(),
      insn.load("W", 7, 6, 0),
      insn.load("Dw", 8, 6, FLAGS),
    ];
  }

  #block(helper: Helper): Instruction[] {
    const { valueSize } = this.#map.info;
    const valueAt = this.#valueAt;
    const pointer = (register: number, offset: number) => [
      insn.mov64Reg(register, 6),
      insn.alu64Imm("Add", register, offset),
    ];
    const isLookup = helper === Helper.lookup || helper === Helper.lookupPerCpu;
    const takesValue = helper === Helper.push || helper === Helper.pop || helper === Helper.peek;
    const found = [
      ...Array.from({ length: valueSize }, (_, i) => [
        insn.load("B", 1, 0, i),
        insn.store("B", 6, valueAt + i, 1),
      ]).flat(),
      insn.mov64Imm(0, 1),
    ];
    const body = [
      insn.mapFd(1, this.#map.fd),
      ...pointer(2, takesValue ? valueAt : KEY),
      ...(takesValue ? [insn.mov64Reg(3, 8)] : pointer(3, valueAt)),
      insn.mov64Reg(4, 8),
      ...(helper === Helper.lookupPerCpu ? [insn.mov64Reg(3, 8)] : []),
      insn.call(helper),
      ...(isLookup ? [insn.jumpImm("Jeq", 0, 0, slots(found)), ...found] : []),
      insn.store("W", 6, RESULT, 0),
      ...this.#copy(STORE_BYTES),
      insn.mov64Imm(0, XdpAction.Pass),
      insn.exit(),
    ];
    return [insn.jumpImm("Jne", 7, helper, slots(body)), ...body];
  }

  run(helper: Helper, flags: bigint, key: Uint8Array, value: Uint8Array): HelperOutcome {
    const packet = new Uint8Array(Math.max(64, this.#size));
    const view = new DataView(packet.buffer);
    view.setUint32(0, helper, true);
    view.setBigUint64(FLAGS, BigInt.asUintN(64, flags), true);
    packet.set(key, KEY);
    packet.set(value, this.#valueAt);
    const { retval, data } = this.#runner.run(this.fd, packet, new Uint8Array(0), "map_helpers");
    if (retval !== XdpAction.Pass) throw new Error(`the program did nothing: verdict ${retval}`);
    const { valueSize } = this.#map.info;
    return {
      result: new DataView(data.buffer).getInt32(RESULT, true),
      value: hex(data.subarray(this.#valueAt, this.#valueAt + valueSize)),
    };
  }
}

/** The same helper calls on a map of ours. */
export class OurProgram {
  readonly #map: BpfMap;
  readonly #key: number;
  readonly #value: number;

  constructor(map: BpfMap) {
    this.#map = map;
    const { keySize, valueSize } = map.definition;
    this.#key = map.host.arena.alloc(keySize + 8);
    this.#value = map.host.arena.alloc(valueSize + 8);
  }

  close(): void {
    this.#map.host.arena.free(this.#key);
    this.#map.host.arena.free(this.#value);
  }

  run(helper: Helper, flags: bigint, key: Uint8Array, value: Uint8Array): HelperOutcome {
    const { u8 } = this.#map.host.arena;
    const map = this.#map;
    u8.set(key, this.#key);
    u8.set(value, this.#value);
    const result = this.#call(helper, Number(flags));
    const { valueSize } = map.definition;
    const isLookup = helper === Helper.lookup || helper === Helper.lookupPerCpu;
    if (isLookup && result !== 0) u8.copyWithin(this.#value, result, result + valueSize);
    const bytes = u8.subarray(this.#value, this.#value + valueSize);
    return { result: isLookup ? Number(result !== 0) : result, value: hex(bytes) };
  }

  #call(helper: Helper, flags: number): number {
    const map = this.#map;
    switch (helper) {
      case Helper.lookup:
        return map.lookup(this.#key);
      case Helper.lookupPerCpu:
        return map.lookupPerCpu(this.#key, flags);
      case Helper.update:
        return map.update(this.#key, this.#value, flags);
      case Helper.delete:
        return map.delete(this.#key);
      case Helper.push:
        return map.push(this.#value, flags);
      case Helper.pop:
        return map.pop(this.#value);
      case Helper.peek:
        return map.peek(this.#value);
    }
  }
}
