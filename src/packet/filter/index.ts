/**
 * Filter expressions of pcap-filter(7): `language/` reads them, `meaning/` says what each primitive
 * asks of which bytes, `program/` makes that a program of classic BPF, and `bpf/` is that machine. Imports
 * errors and the rest of this room.
 */
export { checkBpf } from "./bpf/check-program.js";
export { BpfCode } from "./bpf/code.js";
export { disassembleBpf } from "./bpf/disassemble.js";
export { BpfMachine } from "./bpf/machine.js";
export { encodeSockFilters, type SockFilter } from "./bpf/sock-filter.js";
export { compileFilter, Filter, type FilterOptions } from "./compile-filter.js";
