/**
 * The command line: one file per verb in `verbs/`, what a run does in `run/`, how things are shown in
 * `show/`. Node only; imports every room above it, and nothing imports it but the executable.
 */
export { main } from "./main.js";
