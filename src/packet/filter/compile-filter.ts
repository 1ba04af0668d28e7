import { SyntaxProblem } from "../../errors.js";
import { parseIpv4 } from "../address/index.js";
import type { PacketRecord } from "../capture/index.js";
import { disassembleClassicBpf } from "./classic-bpf/disassemble.js";
import { ClassicBpfMachine } from "./classic-bpf/machine.js";
import type { SockFilter } from "./classic-bpf/sock-filter.js";
import { parseFilter } from "./language/parser.js";
import { FilterContext } from "./meaning/filter-context.js";
import { generate } from "./meaning/generate.js";
import { ACCEPT, toBlocks } from "./program/block.js";
import { emit } from "./program/emit.js";
import { optimize } from "./program/optimize.js";

export interface FilterOptions {
  /** Mask of the interface's IPv4 network ("255.255.255.0"), for `ip broadcast`; "0.0.0.0" if not given. */
  readonly netmask?: string;
  /** What the program returns for packets that it takes: how many bytes to keep of them; 262,144. */
  readonly snapLength?: number;
}

/** As tcpdump has it. */
const SNAP_LENGTH = 262_144;

/** A filter expression made into a program of classic BPF, and the machine to run it. */
export class Filter {
  /** The expression as it was written. */
  readonly text: string;
  /** struct sock_filter's: what Linux takes with SO_ATTACH_FILTER, but for `protochain`, which is a loop. */
  readonly instructions: readonly SockFilter[];
  readonly #machine: ClassicBpfMachine;

  constructor(text: string, instructions: readonly SockFilter[]) {
    this.text = text;
    this.instructions = instructions;
    this.#machine = new ClassicBpfMachine(instructions);
  }

  /** Does it take the frame, of which `wireLength` bytes (all of them, if not given) were on the wire? */
  matches(bytes: Uint8Array, wireLength: number = bytes.length): boolean {
    return this.#machine.run(bytes, bytes.length, wireLength) !== 0;
  }

  /** Does it take a packet of a capture? Allocates nothing. */
  matchesPacket(packet: PacketRecord): boolean {
    return this.#machine.run(packet.buffer, packet.capturedLength, packet.length, packet.offset) !== 0;
  }

  /** The program as text, a line an instruction, as `tcpdump -d` prints it. */
  disassemble(): string[] {
    return disassembleClassicBpf(this.instructions);
  }
}

/**
 * Compiles a filter expression of pcap-filter(7) for Ethernet frames. An empty one takes every packet.
 *
 * It selects what tcpdump 4.99 selects, but for where libpcap mistakes the language it documents (the
 * tests name each: tests/filter/differences.ts). Names of hosts and networks are not looked up.
 * Throws SyntaxProblem with the column of the word at fault.
 */
export function compileFilter(text: string, options: FilterOptions = {}): Filter {
  const netmask = new DataView(parseIpv4(options.netmask ?? "0.0.0.0").buffer).getUint32(0);
  const accept = options.snapLength ?? SNAP_LENGTH;
  if (!Number.isInteger(accept) || accept < 1 || accept > 0xffff_ffff) {
    throw new SyntaxProblem(`a snapshot length of ${accept} bytes keeps nothing of a packet`);
  }
  const expression = parseFilter(text);
  const context = new FilterContext(netmask);
  const blocks =
    expression === undefined ? { entry: ACCEPT, blocks: [] } : toBlocks(generate(context, expression));
  return new Filter(text, emit(optimize(blocks), accept, context.scratchWords));
}
