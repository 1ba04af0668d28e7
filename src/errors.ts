/**
 * The one family of errors that wirebee throws. Each carries the facts a program can act on; its
 * message says what was wrong, where, and what to do. Any room may import this file.
 */
import { Errno, errnoName } from "./uapi/errno.js";

/** Base class of every error of ours: `catch (e) { if (e instanceof WirebeeError) … }`. */
export class WirebeeError extends Error {
  override name = "WirebeeError";
}

/** Where in a file a format error was found. */
export interface FormatErrorPlace {
  /** Byte offset from the start of the file or of `section`. */
  offset?: number | undefined;
  /** The section (ELF), block (pcapng) or table (BTF) that was being read. */
  section?: string | undefined;
}

/** An object, BTF or capture file whose bytes are not what its format demands. */
export class ObjectFormatError extends WirebeeError {
  override name = "ObjectFormatError";
  readonly offset: number | undefined;
  readonly section: string | undefined;

  constructor(message: string, place: FormatErrorPlace = {}, options?: ErrorOptions) {
    const where = [
      place.section === undefined ? "" : `in ${place.section}`,
      place.offset === undefined ? "" : `at offset ${place.offset}`,
    ].filter((part) => part !== "");
    super(where.length === 0 ? message : `${message} (${where.join(" ")})`, options);
    this.offset = place.offset;
    this.section = place.section;
  }
}

/** A pcap or pcapng file, or its link type, that cannot be read. */
export class CaptureFormatError extends ObjectFormatError {
  override name = "CaptureFormatError";
}

/** An instruction or assembler text that the instruction set does not have. */
export class InstructionError extends WirebeeError {
  override name = "InstructionError";
  /** Instruction slot (8-byte units) or, for assembler text, undefined. */
  readonly slot: number | undefined;
  /** 1-based line of assembler text. */
  readonly line: number | undefined;

  constructor(message: string, place: { slot?: number; line?: number } = {}) {
    const where =
      place.slot !== undefined
        ? `instruction ${place.slot}: `
        : place.line !== undefined
          ? `line ${place.line}: `
          : "";
    super(where + message);
    this.slot = place.slot;
    this.line = place.line;
  }
}

/** A filter expression, option or file that a person wrote and that cannot be understood. */
export class SyntaxProblem extends WirebeeError {
  override name = "SyntaxProblem";
  /** 0-based column of the offending word, where there is one. */
  readonly column: number | undefined;

  constructor(message: string, column?: number) {
    super(message);
    this.column = column;
  }
}

/** Something that this kernel, machine or version of wirebee does not do; `feature` names it. */
export class NotSupportedError extends WirebeeError {
  override name = "NotSupportedError";
  readonly feature: string;
  /** The first Linux release that has it ("5.18"), where that is what is missing. */
  readonly minimumKernel: string | undefined;

  constructor(feature: string, message: string, options: { minimumKernel?: string } & ErrorOptions = {}) {
    super(message, options);
    this.feature = feature;
    this.minimumKernel = options.minimumKernel;
  }
}

/** A call that Linux (or the user-space kernel in its place) refused with an error number. */
export class KernelError extends WirebeeError {
  override name = "KernelError";
  /** Positive error number. */
  readonly errno: number;
  /** "ENOENT". */
  readonly code: string;
  /** The call that failed: "BPF_MAP_UPDATE_ELEM". */
  readonly call: string;

  constructor(call: string, errno: number, detail = "", options?: ErrorOptions) {
    const code = errnoName(errno);
    super(`${call}: ${code}${detail === "" ? "" : `: ${detail}`}`, options);
    this.errno = Math.abs(errno);
    this.code = code;
    this.call = call;
  }
}

/** A map that has no room for another element. */
export class MapFullError extends KernelError {
  override name = "MapFullError";
  readonly map: string;

  constructor(map: string, maxEntries: number, errno: number = Errno.E2BIG) {
    super("BPF_MAP_UPDATE_ELEM", errno, `map ${map} is full (max_entries ${maxEntries})`);
    this.map = map;
  }
}

/** A program that cannot be loaded: what the verifier says of it. */
export class VerifierError extends WirebeeError {
  override name = "VerifierError";
  readonly program: string;
  /** The verifier's log, level as asked for. */
  readonly log: string;
  /** Instruction slot that is blamed, where known. */
  readonly slot: number | undefined;

  constructor(
    program: string,
    reason: string,
    facts: { log?: string; slot?: number } = {},
    options?: ErrorOptions,
  ) {
    super(`program ${program} was refused: ${reason}`, options);
    this.program = program;
    this.log = facts.log ?? "";
    this.slot = facts.slot;
  }
}

/** A CO-RE relocation that the types of the kernel in question do not allow. */
export class CoreRelocationError extends WirebeeError {
  override name = "CoreRelocationError";
  readonly program: string;
  /** The instruction, in slots. */
  readonly slot: number;
  /** The kernel's types that it is about, where they contradict each other. */
  readonly candidates: readonly string[];

  constructor(program: string, slot: number, reason: string, candidates: readonly string[] = []) {
    super(`program ${program}, instruction ${slot}: ${reason}`);
    this.program = program;
    this.slot = slot;
    this.candidates = candidates;
  }
}

/** A hook that cannot be attached to; `occupiedBy` says who holds it. */
export class AttachError extends WirebeeError {
  override name = "AttachError";
  readonly occupiedBy: string | undefined;

  constructor(message: string, occupiedBy?: string) {
    super(message);
    this.occupiedBy = occupiedBy;
  }
}

/** A tool, package or privilege that this machine lacks; the command line exits with 3. */
export class MissingToolError extends NotSupportedError {
  override name = "MissingToolError";
}
