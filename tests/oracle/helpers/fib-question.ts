import type { Kernel, RunResult } from "../../../src/kernel.js";
import { parseIpv4, parseIpv6 } from "../../../src/packet/index.js";
import { assembledObject, type TrialPacket } from "../../../src/testing/index.js";
import { ProgramType, programTypeName } from "../../../src/uapi/index.js";

/** Places in the packet: flags and size of the look-up, its result, and struct bpf_fib_lookup. */
const FLAGS = 16;
const SIZE = 20;
const RESULT = 24;
const PARAMS = 32;
const PARAMS_SIZE = 64;
const AF_INET = 2;
const AF_INET6 = 10;
export const LookupFlag = { direct: 1, output: 2, skipNeigh: 4, tbid: 8, src: 16, mark: 32 };

/** An XDP or TC program that looks up what the packet asks for and puts the answer back into it. */
function lookupProgram(type: ProgramType): string {
  const [data, end] = type === ProgramType.Xdp ? [0, 4] : [76, 80];
  const words = Array.from({ length: PARAMS_SIZE / 8 }, (_, i) => i * 8);
  return `
    r6 = r1
    r7 = *(u32 *)(r6 + ${data})
    r2 = *(u32 *)(r6 + ${end})
    r3 = r7
    r3 += ${PARAMS + PARAMS_SIZE}
    r0 = 1
    if r3 > r2 goto out
    ${words.map((at) => `r1 = *(u64 *)(r7 + ${PARAMS + at})\n*(u64 *)(r10 - ${PARAMS_SIZE - at}) = r1`).join("\n")}
    r4 = *(u32 *)(r7 + ${FLAGS})
    r3 = *(u32 *)(r7 + ${SIZE})
    if r3 > ${PARAMS_SIZE} goto out
    if r3 == 0 goto out
    r1 = r6
    r2 = r10
    r2 += -${PARAMS_SIZE}
    call fib_lookup
    *(u64 *)(r7 + ${RESULT}) = r0
    ${words.map((at) => `r1 = *(u64 *)(r10 - ${PARAMS_SIZE - at})\n*(u64 *)(r7 + ${PARAMS + at}) = r1`).join("\n")}
    r0 = 2
    out: exit`;
}

export interface Question {
  readonly destination: string;
  readonly source?: string;
  readonly ifindex: number;
  readonly flags?: number;
  readonly totalLength?: number;
  readonly tos?: number;
  readonly protocol?: number;
  readonly ports?: readonly [source: number, destination: number];
  readonly table?: number;
  readonly mark?: number;
  readonly size?: number;
  readonly family?: number;
  /** Bytes of the packet that asks. */
  readonly packetSize?: number;
  readonly isGso?: boolean;
}

function asking(question: Question): TrialPacket {
  const isIpv6 = question.destination.includes(":");
  const packet = new Uint8Array(question.packetSize ?? 128);
  const view = new DataView(packet.buffer);
  packet[12] = 0x88;
  packet[13] = 0xb5;
  view.setUint32(FLAGS, question.flags ?? 0, true);
  view.setUint32(SIZE, question.size ?? PARAMS_SIZE, true);
  const at = PARAMS;
  packet[at] = question.family ?? (isIpv6 ? AF_INET6 : AF_INET);
  packet[at + 1] = question.protocol ?? 17;
  const [source, destination] = question.ports ?? [1234, 53];
  view.setUint16(at + 2, source, false);
  view.setUint16(at + 4, destination, false);
  view.setUint16(at + 6, question.totalLength ?? 0, true);
  view.setUint32(at + 8, question.ifindex, true);
  if (isIpv6) view.setUint32(at + 12, (question.tos ?? 0) << 20, false);
  else packet[at + 12] = question.tos ?? 0;
  const parse = isIpv6 ? parseIpv6 : parseIpv4;
  packet.set(parse(question.source ?? (isIpv6 ? "2001:db8:99::9" : "10.99.0.9")), at + 16);
  packet.set(parse(question.destination), at + 32);
  view.setUint32(at + 48, question.table ?? 0, true);
  view.setUint32(at + 52, question.mark ?? 0, true);
  return { packet, ...(question.isGso === true ? { options: { skb: { gsoSize: 100, gsoSegs: 2 } } } : {}) };
}

/** What a run came to, as text: the result and the struct afterwards. */
function answer({ retval, packet }: RunResult): string {
  const result = new DataView(packet.buffer, packet.byteOffset).getBigInt64(RESULT, true);
  return `${retval} ${result} ${Buffer.from(packet.subarray(PARAMS, PARAMS + PARAMS_SIZE)).toString("hex")}`;
}

/** What two kernels answer differently, for XDP and for TC programs. */
export async function differingAnswers(
  kernels: readonly [Kernel, Kernel],
  questions: readonly Question[],
): Promise<string[]> {
  const differences: string[] = [];
  for (const type of [ProgramType.Xdp, ProgramType.SchedCls]) {
    const answers = await Promise.all(kernels.map((kernel) => ask(kernel, type, questions)));
    questions.forEach((question, index) => {
      const [a, b] = answers.map((each) => each[index]);
      if (a !== b) differences.push(`${programTypeName(type)} ${JSON.stringify(question)}: ${a}, ${b}`);
    });
  }
  return differences;
}

/** A kernel's answers: the result and the struct afterwards, as text. */
export async function ask(
  kernel: Kernel,
  type: ProgramType,
  questions: readonly Question[],
): Promise<string[]> {
  using object = await kernel.load(
    assembledObject({ programs: [{ name: "lookup", type, code: lookupProgram(type) }] }),
  );
  const program = object.program("lookup");
  return questions.map((question) => {
    const { packet, options } = asking(question);
    return answer(program.run(packet, options));
  });
}
