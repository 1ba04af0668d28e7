/**
 * The linear memory in which maps, packets, contexts and stacks live. Imports nothing but errors.
 */
export { Arena } from "./arena.js";
