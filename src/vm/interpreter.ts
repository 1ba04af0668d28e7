import type { Arena } from "../arena/index.js";
import { MAX_TAIL_CALLS, PseudoCall, STACK_SIZE } from "../asm/index.js";
import type { BpfMap } from "../maps/index.js";
import { alu32, alu64, byteOrder, moveSigned, moveSigned32 } from "./alu.js";
import { atomic } from "./atomic.js";
import { CallFrames, type Continuation, STACKS_SIZE } from "./call-frames.js";
import { SKB_CONTEXT_SIZE } from "./context/skb-field.js";
import { isTaken32, isTaken64 } from "./jump.js";
import { legacyLoad } from "./legacy-load.js";
import { loadSigned } from "./load-signed.js";
import type { Machine, PacketContext, Services } from "./machine.js";
import { SLOT_WORDS, type VmProgram } from "./program.js";
import { RedirectInfo } from "./redirect-info.js";
import { Trap } from "./trap.js";

const REGISTERS = 11;
/** BPF_MAX_LOOPS: times that one function's may_goto instructions let its loops go on. */
const MAX_LOOPS = 8 * 1024 * 1024;
/** Addresses below are never valid: the arena hands none out. */
const LOWEST_ADDRESS = 65536;
/** An access is checked as if it had the largest width. */
const WIDEST = 8;
/** How the decoded code has the src of a call of one of the program's functions. */
const LOCAL_CALL = PseudoCall.Local * 2;

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

/** Runs of programs that there were, of all interpreters. */
let runs = 0;

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
  readonly #registers: number;
  readonly #stack: number;
  readonly #mapAt: (address: number) => BpfMap;

  #packet: PacketContext | undefined;
  #context = 0;
  #program!: VmProgram;
  /** The next instruction, as an index of its first word in the decoded code. */
  #place = 0;
  #tailCalls = 0;
  #mayGoto = MAX_LOOPS;
  #executed = 0;
  #isDone = true;
  run = 0;
  readonly #frames = new CallFrames();

  constructor(arena: Arena, services: Services, mapAt: (address: number) => BpfMap) {
    this.arena = arena;
    this.services = services;
    this.#mapAt = mapAt;
    this.#registers = arena.alloc(REGISTERS * 8, 16, "registers");
    this.#stack = arena.alloc(STACKS_SIZE, 16, "stack");
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
    return {
      program: this.#program,
      slot: this.#place / SLOT_WORDS,
      depth: this.#frames.depth,
      executed: this.#executed,
    };
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
    this.#place = slot * SLOT_WORDS;
    this.#frames.depth = 0;
    this.#tailCalls = 0;
    this.#mayGoto = MAX_LOOPS;
    this.#executed = 0;
    this.#isDone = false;
    this.run = ++runs;
    this.#setRegister(10, this.#stack + STACK_SIZE);
  }

  /** Growth of the arena replaces its views. */
  #bindMemory(): void {
    const { view } = this.arena;
    if (view === this.#view) return;
    this.#view = view;
    this.#reg = new Int32Array(view.buffer, this.#registers, REGISTERS * 2);
    this.#reg64 = new BigInt64Array(view.buffer, this.#registers, REGISTERS);
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
    this.#call(this.#place, then);
    this.#setArguments(args);
    this.#place = slot * SLOT_WORDS;
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
    this.#place = 0;
    return true;
  }

  /** Executes one instruction; true once the program has ended. */
  step(): boolean {
    return this.execute(1);
  }

  /**
   * Runs at most `limit` instructions; true once the program has ended. Throws Trap; `state` then
   * tells which instruction it was.
   *
   * Classes and operations stand here as numbers, whose names are in asm/opcodes.ts: V8 makes jump
   * tables of nothing else. What programs consist of mostly is done in place, the rest by functions.
   */
  execute(limit: number): boolean {
    if (this.#isDone) return true;
    const reg = this.#reg;
    const view = this.#view;
    const highest = view.byteLength - WIDEST;
    let { words, calls } = this.#program.code;
    let place = this.#place;
    let left = limit;
    try {
      while (left > 0) {
        left--;
        const word = words[place];
        const d = (word >> 8) & 0xff;
        const s = (word >> 16) & 0xff;
        const isX = (word & 0x08) !== 0;
        switch (word & 0x07) {
          // ALU64 (RFC 9669 §4.1)
          case 0x07: {
            const lo = isX ? reg[s] : words[place + 2];
            const hi = isX ? reg[s + 1] : words[place + 3];
            switch (word & 0xf0) {
              case 0x00: {
                const low = reg[d];
                const sum = (low + lo) | 0;
                reg[d] = sum;
                reg[d + 1] += hi + (sum >>> 0 < low >>> 0 ? 1 : 0);
                break;
              }
              case 0x10: {
                const low = reg[d];
                reg[d] = low - lo;
                reg[d + 1] -= hi + (low >>> 0 < lo >>> 0 ? 1 : 0);
                break;
              }
              case 0x40:
                reg[d] |= lo;
                reg[d + 1] |= hi;
                break;
              case 0x50:
                reg[d] &= lo;
                reg[d + 1] &= hi;
                break;
              case 0xa0:
                reg[d] ^= lo;
                reg[d + 1] ^= hi;
                break;
              case 0xb0:
                if (words[place + 1] === 0) {
                  reg[d] = lo;
                  reg[d + 1] = hi;
                } else {
                  moveSigned(reg, d, lo, words[place + 1]);
                }
                break;
              case 0xd0:
                byteOrder(reg, d, true, lo);
                break;
              default:
                alu64(reg, d, word & 0xf0, lo, hi, words[place + 1]);
            }
            place += SLOT_WORDS;
            break;
          }
          // ALU: the result's high half is zero
          case 0x04: {
            if ((word & 0xf0) === 0xd0) {
              byteOrder(reg, d, isX, words[place + 2]);
              place += SLOT_WORDS;
              break;
            }
            const operand = isX ? reg[s] : words[place + 2];
            switch (word & 0xf0) {
              case 0x00:
                reg[d] += operand;
                break;
              case 0x10:
                reg[d] -= operand;
                break;
              case 0x40:
                reg[d] |= operand;
                break;
              case 0x50:
                reg[d] &= operand;
                break;
              // JavaScript's shifts mask the amount as RFC 9669 wants it.
              case 0x60:
                reg[d] <<= operand;
                break;
              case 0x70:
                reg[d] >>>= operand;
                break;
              case 0xa0:
                reg[d] ^= operand;
                break;
              case 0xb0:
                reg[d] = words[place + 1] === 0 ? operand : moveSigned32(operand, words[place + 1]);
                break;
              default:
                reg[d] = alu32(reg[d], word & 0xf0, operand, words[place + 1]);
            }
            reg[d + 1] = 0;
            place += SLOT_WORDS;
            break;
          }
          // LDX (§5.1, §5.2)
          case 0x01: {
            const address = (reg[s] + words[place + 1]) >>> 0;
            if (reg[s + 1] !== 0 || address < LOWEST_ADDRESS || address > highest) {
              this.#refuse(s, word, words[place + 1]);
            }
            switch (word & 0xf8) {
              case 0x60:
                reg[d] = view.getInt32(address, true);
                reg[d + 1] = 0;
                break;
              case 0x68:
                reg[d] = view.getUint16(address, true);
                reg[d + 1] = 0;
                break;
              case 0x70:
                reg[d] = view.getUint8(address);
                reg[d + 1] = 0;
                break;
              case 0x78:
                reg[d] = view.getInt32(address, true);
                reg[d + 1] = view.getInt32(address + 4, true);
                break;
              default:
                loadSigned(reg, d, view, address, word & 0x18);
            }
            place += SLOT_WORDS;
            break;
          }
          // ST, STX
          case 0x02:
          case 0x03: {
            const address = (reg[d] + words[place + 1]) >>> 0;
            if (reg[d + 1] !== 0 || address < LOWEST_ADDRESS || address > highest) {
              this.#refuse(d, word, words[place + 1]);
            }
            const isStx = (word & 0x01) !== 0;
            const lo = isStx ? reg[s] : words[place + 2];
            switch (word & 0xf8) {
              case 0x60:
                view.setInt32(address, lo, true);
                break;
              case 0x68:
                view.setInt16(address, lo, true);
                break;
              case 0x70:
                view.setInt8(address, lo);
                break;
              case 0x78:
                view.setInt32(address, lo, true);
                view.setInt32(address + 4, isStx ? reg[s + 1] : words[place + 3], true);
                break;
              default:
                atomic(view, reg, address, words[place + 2], (word & 0x18) === 0x18, s);
            }
            const offset = (address - this.#context) >>> 0;
            if (offset < SKB_CONTEXT_SIZE) {
              const value = isStx ? (reg[s + 1] >>> 0) * 2 ** 32 + (lo >>> 0) : lo;
              this.#packet?.contextWritten(offset, value);
            }
            place += SLOT_WORDS;
            break;
          }
          // LD: a 64-bit immediate (§5.4), or a legacy packet load (§5.5)
          case 0x00:
            if ((word & 0xff) === 0x18) {
              reg[d] = words[place + 2];
              reg[d + 1] = words[place + 3];
              place += 2 * SLOT_WORDS;
            } else if (legacyLoad(this, word & 0xff, words[place + 2], (word & 0xe0) === 0x40 ? reg[s] : 0)) {
              place += SLOT_WORDS;
            } else {
              // A load outside the packet ends the function with 0 (BPF_LD_ABS in filter.txt).
              this.returns(0);
              place = this.#exit(place);
              if (this.#isDone) return true;
              ({ words, calls } = this.#program.code);
            }
            break;
          // JMP (§4.3)
          case 0x05:
            switch (word & 0xf0) {
              case 0x00:
                place = words[place + 1];
                break;
              case 0x80:
                if (s === LOCAL_CALL) {
                  this.#call(place + SLOT_WORDS, undefined);
                  place = words[place + 1];
                } else {
                  // The helper may change the program (a tail call) and the place (a callback).
                  this.#place = place + SLOT_WORDS;
                  calls[place / SLOT_WORDS](this);
                  place = this.#place;
                  ({ words, calls } = this.#program.code);
                }
                break;
              case 0x90:
                place = this.#exit(place);
                if (this.#isDone) return true;
                ({ words, calls } = this.#program.code);
                break;
              case 0xe0:
                place = this.#mayGoto-- > 0 ? place + SLOT_WORDS : words[place + 1];
                break;
              default: {
                const lo = isX ? reg[s] : words[place + 2];
                const hi = isX ? reg[s + 1] : words[place + 3];
                const isTaken = isTaken64(word & 0xf0, reg[d], reg[d + 1], lo, hi);
                place = isTaken ? words[place + 1] : place + SLOT_WORDS;
              }
            }
            break;
          // JMP32
          default: {
            const isTaken = isTaken32(word & 0xf0, reg[d], isX ? reg[s] : words[place + 2]);
            place = isTaken ? words[place + 1] : place + SLOT_WORDS;
          }
        }
      }
    } finally {
      // Where it traps, the place is that of the instruction that did.
      this.#place = place;
      this.#executed += limit - left;
    }
    return false;
  }

  /** Traps for an access through a register that points to none of the program's memory. */
  #refuse(register: number, word: number, offset: number): never {
    const high = (this.#reg[register + 1] >>> 0).toString(16);
    const low = (this.#reg[register] >>> 0).toString(16).padStart(8, "0");
    const width = [4, 2, 1, 8][(word & 0x18) >> 3];
    throw new Trap(
      "memory access",
      `r${register / 2} holds 0x${high === "0" ? "" : high}${low}: no ${width} bytes of the program's memory at offset ${offset} from there`,
    );
  }

  #call(returnTo: number, then: Continuation | undefined): void {
    this.#frames.push(this.#reg, returnTo, this.#program, this.#mayGoto, then);
    this.#mayGoto = MAX_LOOPS;
  }

  /** BPF_EXIT: back to the caller, or the end of the run; where to go on. */
  #exit(place: number): number {
    const frames = this.#frames;
    if (frames.depth === 0) {
      this.#isDone = true;
      return place;
    }
    frames.pop(this.#reg);
    this.#place = frames.place;
    this.#mayGoto = frames.mayGoto;
    this.#program = frames.program;
    frames.continuation?.(this);
    return this.#place;
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
