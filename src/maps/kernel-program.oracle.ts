import { program as encodeProgram, type Instruction, insn } from "../asm/index.js";
import { MapType } from "../uapi/index.js";
import { attributes, Command, closeFile, type KernelMap } from "./kernel-map.oracle.js";
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

/** The packet: u32 helper, s32 result, u64 flags, then key and value. */
const RESULT = 4;
const FLAGS = 8;
const KEY = 16;
const XDP_PASS = 2;
const PROG_TYPE_XDP = 6;

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

/** An XDP program that does to a map of the running kernel what its packet says. */
export class KernelProgram {
  readonly #fd: number;
  readonly #valueAt: number;
  readonly #map: KernelMap;

  constructor(map: KernelMap) {
    this.#map = map;
    const { keySize, type } = map.definition;
    this.#valueAt = KEY + Math.ceil(keySize / 8) * 8;
    const blocks = helpersOf(type).map((helper) => this.#block(helper));
    const code = encodeProgram(...this.#prologue(), ...blocks.flat(), insn.mov64Imm(0, 0), insn.exit());
    const license = new TextEncoder().encode("GPL\0");
    const log = new Uint8Array(65536);
    this.#fd = attributes(148)
      .u32(0, PROG_TYPE_XDP)
      .u32(4, code.length / 8)
      .pointer(8, code)
      .pointer(16, license)
      .u32(24, 1)
      .u32(28, log.length)
      .pointer(32, log)
      .call(Command.ProgLoad, "BPF_PROG_LOAD", () => new TextDecoder().decode(log).replaceAll("\0", ""));
  }

  get fd(): number {
    return this.#fd;
  }

  close(): void {
    closeFile(this.#fd);
  }

  get #size(): number {
    return this.#valueAt + this.#map.definition.valueSize;
  }

  #prologue(): Instruction[] {
    return [
      insn.load("W", 6, 1, 0),
      insn.load("W", 2, 1, 4),
      insn.mov64Reg(3, 6),
      insn.alu64Imm("Add", 3, this.#size),
      insn.jumpReg("Jle", 3, 2, 2),
      insn.mov64Imm(0, 0),
      insn.exit(),
      insn.load("W", 7, 6, 0),
      insn.load("Dw", 8, 6, FLAGS),
    ];
  }

  #block(helper: Helper): Instruction[] {
    const { valueSize } = this.#map.definition;
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
      insn.mov64Imm(0, XDP_PASS),
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
    const out = new Uint8Array(packet.length);
    const attr = attributes(80)
      .u32(0, this.#fd)
      .u32(8, packet.length)
      .u32(12, out.length)
      .pointer(16, packet)
      .pointer(24, out)
      .u32(32, 1);
    attr.call(Command.TestRun, "BPF_PROG_TEST_RUN");
    const verdict = attr.view.getUint32(4, true);
    if (verdict !== XDP_PASS) throw new Error(`the program did nothing: verdict ${verdict}`);
    const { valueSize } = this.#map.definition;
    return {
      result: new DataView(out.buffer).getInt32(RESULT, true),
      value: hex(out.subarray(this.#valueAt, this.#valueAt + valueSize)),
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
