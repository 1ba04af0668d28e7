import { ProgArray } from "../../maps/index.js";
import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import type { VmProgram } from "../program.js";
import { Trap } from "../trap.js";
import { flags, u32, u64 } from "./argument.js";

/** BPF_MAX_LOOPS. */
const MAX_LOOPS = 8 * 1024 * 1024;

/** bpf_loop: calls a function of the program so many times, or until it returns 1. */
function loop(machine: Machine): void {
  const count = u32(machine, 1);
  const callback = u32(machine, 2);
  const context = u64(machine, 3);
  if (flags(machine, 4) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  if (count > MAX_LOOPS) {
    // Linux inlines the call, with a 32-bit move of the error number (kernel/bpf/verifier.c, inline_bpf_loop).
    machine.returnsAddress(-Errno.E2BIG);
    return;
  }
  let done = 0;
  const next = () => {
    if (done === count) machine.returns(count);
    else machine.callFunction(callback, [done, context], afterwards);
  };
  const afterwards = () => {
    done++;
    if (machine.reg64[0] !== 0n) machine.returns(done);
    else next();
  };
  next();
}

/** bpf_for_each_map_elem: calls a function with map, key and value of each element. */
function forEachMapElem(machine: Machine): void {
  const mapPointer = u32(machine, 1);
  const callback = u32(machine, 2);
  const context = u64(machine, 3);
  if (flags(machine, 4) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const elements = machine.mapAt(mapPointer).elements();
  let visited = 0;
  const next = () => {
    if (!elements.next()) {
      machine.returns(visited);
      return;
    }
    visited++;
    machine.callFunction(callback, [mapPointer, elements.key, elements.value, context], () => {
      if (machine.reg64[0] !== 0n) machine.returns(visited);
      else next();
    });
  };
  next();
}

/** bpf_tail_call: goes on in the program at an index, or returns to the caller where there is none. */
function tailCall(machine: Machine): void {
  const map = machine.mapAt(u32(machine, 2));
  if (!(map instanceof ProgArray)) throw new Trap("invalid argument", "a tail call needs a PROG_ARRAY");
  const program = map.programAt(u32(machine, 3));
  // A failed tail call leaves an unspecified value in r0; Linux's interpreter and JITs leave r0 as it is.
  if (program !== undefined) machine.tailCall(program as VmProgram);
}

/** Helpers that run other code (kernel/bpf/bpf_iter.c, kernel/bpf/core.c). */
export const callHelpers: readonly [id: number, HelperFunction][] = [
  [181, loop],
  [164, forEachMapElem],
  [12, tailCall],
];
