/**
 * Filter expressions of pcap-filter(7): `language/` reads them, `meaning/` says what each primitive
 * asks of which bytes, `program/` makes that a program of classic BPF, and `classic-bpf/` is the
 * machine that runs it. Imports errors and the rest of this room.
 */
export { checkClassicBpf } from "./classic-bpf/check-program.js";
export { ClassicBpfCode } from "./classic-bpf/code.js";
export { disassembleClassicBpf } from "./classic-bpf/disassemble.js";
export { ClassicBpfMachine } from "./classic-bpf/machine.js";
export { encodeSockFilters, type SockFilter } from "./classic-bpf/sock-filter.js";
export { compileFilter, Filter, type FilterOptions } from "./compile-filter.js";
