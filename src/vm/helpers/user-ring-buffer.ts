import { UserRingBuffer } from "../../maps/index.js";
import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { Trap } from "../trap.js";
import { flags, u32, u64 } from "./argument.js";
import { Dynptr, DynptrType } from "./dynptr.js";

const NO_WAKEUP = 1;
const FORCE_WAKEUP = 2;
/** BPF_MAX_USER_RINGBUF_SAMPLES. */
const MAX_SAMPLES = 128 * 1024;
/** Linux's number for "no data available". */
const ENODATA = 61;

/**
 * bpf_user_ringbuf_drain (kernel/bpf/ringbuf.c): calls a function with each record until it returns 1
 * or there are no more; the number of records is returned.
 */
function drain(machine: Machine): void {
  const map = machine.mapAt(u32(machine, 1));
  if (!(map instanceof UserRingBuffer)) {
    throw new Trap("invalid argument", "bpf_user_ringbuf_drain needs a USER_RINGBUF");
  }
  const flagBits = flags(machine, 4);
  if ((flagBits & ~(NO_WAKEUP | FORCE_WAKEUP)) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const error = map.beginDrain(machine.run);
  if (error < 0) machine.returns(error);
  else new Drain(machine, map, u32(machine, 2), u64(machine, 3), flagBits).next();
}

class Drain {
  readonly #machine: Machine;
  readonly #map: UserRingBuffer;
  readonly #callback: number;
  readonly #context: bigint;
  readonly #flags: number;
  #seen = 0;
  #taken = 0;

  constructor(machine: Machine, map: UserRingBuffer, callback: number, context: bigint, flagBits: number) {
    this.#machine = machine;
    this.#map = map;
    this.#callback = callback;
    this.#context = context;
    this.#flags = flagBits;
  }

  /** Hands the next record to the program, or ends. */
  next(): void {
    while (this.#seen < MAX_SAMPLES) {
      const sample = this.#map.peekSample();
      if (sample === -ENODATA) break;
      if (sample === -Errno.EAGAIN) {
        this.#seen++;
        continue;
      }
      if (typeof sample === "number") {
        this.#end(sample);
        return;
      }
      const { sampleDynptr } = this.#map;
      new Dynptr(this.#machine, sampleDynptr).set(sample.address, sample.size, DynptrType.Local);
      this.#machine.callFunction(this.#callback, [sampleDynptr, this.#context], () => {
        this.#map.consume(sample.size);
        this.#seen++;
        this.#taken++;
        if (this.#machine.reg64[0] === 0n) this.next();
        else this.#end(this.#taken);
      });
      return;
    }
    this.#end(this.#taken);
  }

  #end(result: number): void {
    const isForced = (this.#flags & FORCE_WAKEUP) !== 0;
    this.#map.endDrain(isForced || ((this.#flags & NO_WAKEUP) === 0 && this.#seen > 0));
    this.#machine.returns(result);
  }
}

/** Records from user space. */
export const userRingBufferHelpers: readonly [id: number, HelperFunction][] = [[209, drain]];
