import { Errno } from "../../uapi/index.js";
import type { HelperFunction, Machine } from "../machine.js";
import { flags, u32, u64 } from "./argument.js";

const TIMER_ABS = 1;
const TIMER_CPU_PIN = 2;

function start(machine: Machine): void {
  const flagBits = flags(machine, 3);
  if ((flagBits & ~(TIMER_ABS | TIMER_CPU_PIN)) !== 0) {
    machine.returns(-Errno.EINVAL);
    return;
  }
  const { timers } = machine.services;
  machine.returns(timers.start(u32(machine, 1), u64(machine, 2), (flagBits & TIMER_ABS) !== 0));
}

/** bpf_timer_init, set_callback, start and cancel (kernel/bpf/helpers.c). */
export const timerHelpers: readonly [id: number, HelperFunction][] = [
  [169, (m) => m.returns(m.services.timers.init(u32(m, 1), m.mapAt(u32(m, 2)), flags(m, 3)))],
  [170, (m) => m.returns(m.services.timers.setCallback(u32(m, 1), m.program, u32(m, 2)))],
  [171, start],
  [172, (m) => m.returns(m.services.timers.cancel(u32(m, 1)))],
];
