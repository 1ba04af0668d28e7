import type { Arena } from "../arena/index.js";
import {
  AtomicOp,
  InsnClass,
  InsnSource,
  JmpOp,
  LD_IMM64,
  MAX_CALL_FRAMES,
  MAX_TAIL_CALLS,
  MemMode,
  MemSize,
  PseudoCall,
  STACK_SIZE,
} from "../asm/index.js";
import type { BpfMap } from "../maps/index.js";
import { alu32, alu64, byteOrder } from "./alu.js";
import { atomic } from "./atomic.js";
import { SKB_CONTEXT_SIZE } from "./context/skb-field.js";
import { isTaken32, isTaken64 } from "./jump.js";
import { legacyLoad } from "./legacy-load.js";
import type { Machine, PacketContext, Services } from "./machine.js";
import type { DecodedCode, VmProgram } from "./program.js";
import { RedirectInfo } from "./redirect-info.js";
import { Trap } from "./trap.js";

const REGISTERS = 11;
const R10 = 20;
/** Each program of a tail-call chain may have used its eight frames. */
const MAX_FRAMES = MAX_CALL_FRAMES * (MAX_TAIL_CALLS + 1);
/** BPF_MAX_LOOPS: times that one function's may_goto instructions let its loops go on. */
const MAX_LOOPS = 8 * 1024 * 1024;
/** Addresses below are never valid: the arena hands none out. */
const LOWEST_ADDRESS = 65536;

type Continuation = (machine: Machine) => void;

/** Where a machine stands: for debuggers and reports. */
export interface MachineState {
  readonly program: VmProgram;
  /** Slot of the next instruction. */
  readonly slot: number;
  /** Bpf-to-bpf calls that have not returned. */
  readonly depth: number;
  /** Instructions executed since `start`. */
  readonly executed: number;
}

/**
 * The reference interpreter: every instruction of RFC 9669 and of Linux up to 6.18, able to stop
 * after any one of them. What it does is what compiled code must do.
 *
 * `start` sets a program up, `execute` runs it for at most so many instructions and may be called
 * again until it says that the program has ended; r0 then holds the result.
 */
export class Interpreter implements Machine {
  readonly arena: Arena;
  readonly services: Services;
  readonly redirect = new RedirectInfo();
  cpu = 0;
  #reg!: Int32Array;
  #reg64!: BigInt64Array;
  #view!: DataView;
  #memory: ArrayBuffer | undefined;
  readonly #registers: number;
  readonly #stack: number;
  readonly #mapAt: (address: number) => BpfMap;

  #packet: PacketContext | undefined;
  #context = 0;
  #program!: VmProgram;
  #pc = 0;
  #depth = 0;
  #tailCalls = 0;
  #mayGoto = MAX_LOOPS;
  #executed = 0;
  #isDone = true;
  readonly #framePc = new Int32Array(MAX_FRAMES);
  readonly #frameMayGoto = new Int32Array(MAX_FRAMES);
  readonly #frameSaved = new Int32Array(MAX_FRAMES * 8);
  readonly #frameProgram: (VmProgram | undefined)[] = new Array(MAX_FRAMES).fill(undefined);
  readonly #frameThen: (Continuation | undefined)[] = new Array(MAX_FRAMES).fill(undefined);

  constructor(arena: Arena, services: Services, mapAt: (address: number) => BpfMap) {
    this.arena = arena;
    this.services = services;
    this.#mapAt = mapAt;
    this.#registers = arena.alloc(REGISTERS * 8, 16, "registers");
    this.#stack = arena.alloc(MAX_FRAMES * STACK_SIZE, 16, "stack");
  }

  get reg(): Int32Array {
    return this.#reg;
  }

  get reg64(): BigInt64Array {
    return this.#reg64;
  }

  get packet(): PacketContext {
    if (this.#packet === undefined) throw new Trap("invalid argument", "no packet in this context");
    return this.#packet;
  }

  get program(): VmProgram {
    return this.#program;
  }

  get state(): MachineState {
    return { program: this.#program, slot: this.#pc, depth: this.#depth, executed: this.#executed };
  }

  /** r0 as an unsigned 32-bit number: the verdict, once the program has ended. */
  get result(): number {
    return this.#reg[0] >>> 0;
  }

  /** Gives the machine's memory back; it must not be used afterwards. */
  close(): void {
    this.arena.free(this.#registers);
    this.arena.free(this.#stack);
  }

  /** Sets up a run of `program` for a packet: r1 is the context. */
  start(program: VmProgram, packet: PacketContext): void {
    this.#begin(program, 0);
    this.#packet = packet;
    this.#context = packet.context;
    this.redirect.reset();
    this.#setRegister(1, packet.context);
  }

  /** Sets up a call of one function of a program without a packet, as timers make. */
  startFunction(program: VmProgram, slot: number, args: readonly (number | bigint)[]): void {
    this.#begin(program, slot);
    this.#packet = undefined;
    this.#context = 0;
    this.#setArguments(args);
  }

  #begin(program: VmProgram, slot: number): void {
    this.#bindMemory();
    this.#program = program;
    this.#pc = slot;
    this.#depth = 0;
    this.#tailCalls = 0;
    this.#mayGoto = MAX_LOOPS;
    this.#executed = 0;
    this.#isDone = false;
    this.#setRegister(10, this.#stack + STACK_SIZE);
  }

  /** Growth of the arena replaces its buffer, and with it every view. */
  #bindMemory(): void {
    const { buffer } = this.arena.memory;
    if (buffer === this.#memory) return;
    this.#memory = buffer;
    this.#reg = new Int32Array(buffer, this.#registers, REGISTERS * 2);
    this.#reg64 = new BigInt64Array(buffer, this.#registers, REGISTERS);
    this.#view = this.arena.view;
  }

  returns(value: number): void {
    this.#reg[0] = value;
    this.#reg[1] = value >> 31;
  }

  returnsAddress(address: number): void {
    this.#setRegister(0, address);
  }

  returns64(value: bigint): void {
    this.#reg64[0] = value;
  }

  mapAt(address: number): BpfMap {
    return this.#mapAt(address);
  }

  callFunction(slot: number, args: readonly (number | bigint)[], then: Continuation): void {
    this.#pushFrame(this.#pc, then);
    this.#setArguments(args);
    this.#pc = slot;
  }

  /**
   * bpf_tail_call: goes on in `program` in place of the current function. False where the limit of
   * tail calls is reached.
   */
  tailCall(program: VmProgram): boolean {
    if (this.#tailCalls >= MAX_TAIL_CALLS) return false;
    this.#tailCalls++;
    this.#mayGoto = MAX_LOOPS;
    this.#program = program;
    this.#pc = 0;
    return true;
  }

  /** Runs at most `limit` instructions; true once the program has ended. */
  execute(limit: number): boolean {
    let left = limit;
    while (left > 0 && !this.#isDone) left -= this.#burst(left);
    return this.#isDone;
  }

  /** Executes one instruction; true once the program has ended. */
  step(): boolean {
    return this.execute(1);
  }

  /** Runs until the program changes (call of a helper, exit, tail call) or `limit` is reached. */
  #burst(limit: number): number {
    const reg = this.#reg;
    const { opcode, dst, src, offset, imm, immHigh, calls }: DecodedCode = this.#program.code;
    let pc = this.#pc;
    let count = 0;
    try {
      while (count < limit) {
        const op = opcode[pc];
        const d = dst[pc] * 2;
        const s = src[pc] * 2;
        count++;
        switch (op & 0x07) {
          case InsnClass.Alu64: {
            const kind = op & 0xf0;
            if (kind === 0xd0) byteOrder(reg, d, true, imm[pc]);
            else if ((op & InsnSource.X) !== 0) alu64(reg, d, kind, reg[s], reg[s + 1], offset[pc]);
            else alu64(reg, d, kind, imm[pc], imm[pc] >> 31, offset[pc]);
            pc++;
            break;
          }
          case InsnClass.Alu: {
            const kind = op & 0xf0;
            const isX = (op & InsnSource.X) !== 0;
            if (kind === 0xd0) byteOrder(reg, d, isX, imm[pc]);
            else alu32(reg, d, kind, isX ? reg[s] : imm[pc], offset[pc]);
            pc++;
            break;
          }
          case InsnClass.Ldx:
            this.#load(op, d, this.#address(s, offset[pc], op));
            pc++;
            break;
          case InsnClass.St:
            this.#store(op, this.#address(d, offset[pc], op), imm[pc], imm[pc] >> 31);
            pc++;
            break;
          case InsnClass.Stx:
            if ((op & 0xe0) === MemMode.Mem) {
              this.#store(op, this.#address(d, offset[pc], op), reg[s], reg[s + 1]);
            } else if (imm[pc] === AtomicOp.LoadAcq) {
              this.#load(op, d, this.#address(s, offset[pc], op));
            } else if (imm[pc] === AtomicOp.StoreRel) {
              this.#store(op, this.#address(d, offset[pc], op), reg[s], reg[s + 1]);
            } else {
              const isWide = (op & 0x18) === MemSize.Dw;
              atomic(this.#view, reg, this.#address(d, offset[pc], op), imm[pc], isWide, src[pc]);
            }
            pc++;
            break;
          case InsnClass.Ld:
            if (op === LD_IMM64) {
              reg[d] = imm[pc];
              reg[d + 1] = immHigh[pc];
              pc += 2;
              break;
            }
            this.#pc = pc + 1;
            if (!legacyLoad(this, op, imm[pc], (op & 0xe0) === MemMode.Ind ? reg[s] : 0)) {
              // A load outside the packet ends the function with 0 (BPF_LD_ABS in filter.txt).
              this.returns(0);
              this.#exit();
              return count;
            }
            pc++;
            break;
          case InsnClass.Jmp: {
            const kind = op & 0xf0;
            if (kind === JmpOp.Call) {
              this.#pc = pc + 1;
              if (src[pc] === PseudoCall.Local) {
                this.#pushFrame(pc + 1, undefined);
                pc += imm[pc] + 1;
                break;
              }
              const call = calls[pc];
              if (call === undefined) throw new Trap("invalid instruction", "call of an unresolved function");
              call(this);
              // The helper may have changed program, function or memory.
              return count;
            }
            if (kind === JmpOp.Exit) {
              this.#pc = pc;
              this.#exit();
              return count;
            }
            if (kind === JmpOp.Jcond) pc += this.#mayGoto-- > 0 ? 1 : offset[pc] + 1;
            else if (kind === JmpOp.Ja) pc += offset[pc] + 1;
            else {
              const isX = (op & InsnSource.X) !== 0;
              const lo = isX ? reg[s] : imm[pc];
              const hi = isX ? reg[s + 1] : lo >> 31;
              pc += isTaken64(kind, reg[d], reg[d + 1], lo, hi) ? offset[pc] + 1 : 1;
            }
            break;
          }
          default: {
            const kind = op & 0xf0;
            if (kind === JmpOp.Ja) pc += imm[pc] + 1;
            else {
              const operand = (op & InsnSource.X) !== 0 ? reg[s] : imm[pc];
              pc += isTaken32(kind, reg[d], operand) ? offset[pc] + 1 : 1;
            }
          }
        }
      }
      this.#pc = pc;
    } catch (error) {
      // Report the instruction that trapped, not the one after it.
      this.#pc = pc;
      throw error;
    } finally {
      this.#executed += count;
    }
    return count;
  }

  /** The effective address of an access of the opcode's width, checked against the arena. */
  #address(register: number, offset: number, op: number): number {
    const address = (this.#reg[register] + offset) >>> 0;
    if (this.#reg[register + 1] !== 0 || address < LOWEST_ADDRESS || address + 8 > this.#view.byteLength) {
      const high = (this.#reg[register + 1] >>> 0).toString(16);
      const low = (this.#reg[register] >>> 0).toString(16).padStart(8, "0");
      const width = [4, 2, 1, 8][(op & 0x18) >> 3];
      throw new Trap(
        "memory access",
        `r${register / 2} holds 0x${high === "0" ? "" : high}${low}: no ${width} bytes of the program's memory at offset ${offset} from there`,
      );
    }
    return address;
  }

  #load(op: number, d: number, address: number): void {
    const view = this.#view;
    const isSigned = (op & 0xe0) === MemMode.Memsx;
    const reg = this.#reg;
    switch (op & 0x18) {
      case MemSize.B:
        reg[d] = isSigned ? view.getInt8(address) : view.getUint8(address);
        break;
      case MemSize.H:
        reg[d] = isSigned ? view.getInt16(address, true) : view.getUint16(address, true);
        break;
      case MemSize.W:
        reg[d] = view.getInt32(address, true);
        break;
      default:
        reg[d] = view.getInt32(address, true);
        reg[d + 1] = view.getInt32(address + 4, true);
        return;
    }
    reg[d + 1] = isSigned ? reg[d] >> 31 : 0;
  }

  #store(op: number, address: number, lo: number, hi: number): void {
    const view = this.#view;
    switch (op & 0x18) {
      case MemSize.B:
        view.setInt8(address, lo);
        break;
      case MemSize.H:
        view.setInt16(address, lo, true);
        break;
      case MemSize.W:
        view.setInt32(address, lo, true);
        break;
      default:
        view.setInt32(address, lo, true);
        view.setInt32(address + 4, hi, true);
    }
    const offset = address - this.#context;
    if (offset >= 0 && offset < SKB_CONTEXT_SIZE) this.#packet?.contextWritten(offset);
  }

  #pushFrame(returnTo: number, then: Continuation | undefined): void {
    const depth = this.#depth;
    if (depth + 1 >= MAX_FRAMES) {
      throw new Trap("call depth", `more than ${MAX_FRAMES} calls that have not returned`);
    }
    const reg = this.#reg;
    this.#framePc[depth] = returnTo;
    this.#frameProgram[depth] = this.#program;
    this.#frameThen[depth] = then;
    this.#frameMayGoto[depth] = this.#mayGoto;
    this.#mayGoto = MAX_LOOPS;
    for (let i = 0; i < 8; i++) this.#frameSaved[depth * 8 + i] = reg[12 + i];
    this.#depth = depth + 1;
    reg[R10] += STACK_SIZE;
  }

  /** BPF_EXIT: back to the caller, or the end of the run. */
  #exit(): void {
    if (this.#depth === 0) {
      this.#isDone = true;
      return;
    }
    const depth = --this.#depth;
    const reg = this.#reg;
    for (let i = 0; i < 8; i++) reg[12 + i] = this.#frameSaved[depth * 8 + i];
    reg[R10] -= STACK_SIZE;
    this.#pc = this.#framePc[depth];
    this.#mayGoto = this.#frameMayGoto[depth];
    this.#program = this.#frameProgram[depth] as VmProgram;
    this.#frameThen[depth]?.(this);
  }

  #setRegister(register: number, value: number): void {
    this.#reg[register * 2] = value;
    this.#reg[register * 2 + 1] = 0;
  }

  #setArguments(args: readonly (number | bigint)[]): void {
    args.forEach((value, index) => {
      if (typeof value === "bigint") this.#reg64[index + 1] = value;
      else this.#setRegister(index + 1, value);
    });
  }
}
