import type { HelperFunction } from "../machine.js";

/** What the machine is: its CPU, its memory node, and randomness. */
export const machineHelpers: readonly [id: number, HelperFunction][] = [
  [7, (m) => m.returnsAddress(m.services.random32())],
  [8, (m) => m.returns(m.cpu)],
  // One memory node.
  [42, (m) => m.returns(0)],
];
