import { expect, test } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { type KernelError, NotSupportedError } from "../errors.js";
import type { RunOptions } from "../kernel.js";
import { assembledObject } from "../testing/index.js";
import { ProgramType } from "../uapi/index.js";
import { openUserKernel } from "../user/index.js";
import { SkbField } from "../vm/index.js";
import { fixture } from "./fixtures/fixture.oracle.js";
import { expectNothingOpen } from "./fixtures/left-behind.oracle.js";
import { type LinuxProgram, openLinuxKernel } from "./index.js";

const clang = "command clang|clang-19|clang-18|clang-17|clang-16|clang-15|clang-14";
const frame = (length: number) => Uint8Array.from({ length }, (_, i) => i);
const words = (bytes: Uint8Array, from = 0) => [...new Uint32Array(bytes.slice(from, from + 20).buffer)];

/** Runs one program of a fixture. */
async function withProgram(
  name: string,
  program: string,
  use: (program: LinuxProgram) => void | Promise<void>,
): Promise<void> {
  await using kernel = openLinuxKernel();
  using object = await kernel.load(fixture(name), { programs: [program] });
  await use(object.program(program));
}

describeWith(["bpf", clang], "runs on Linux", () => {
  expectNothingOpen();

  test("XDP: metadata goes in and comes out, and the packet may be cut", () =>
    withProgram("xdp", "metadata", (program) => {
      const packet = frame(68);
      const result = program.run(packet, { metadataLength: 4 });
      expect(result.retval).toBe(4);
      expect(result.action).toBe("XDP_REDIRECT");
      // The ifindex of lo, and queue 0.
      expect(words(result.metadata)).toEqual([1, 0]);
      expect(result.packet).toEqual(packet.slice(4, -2));
    }));

  test("XDP: metadata of a size that no driver gives is refused", () =>
    withProgram("xdp", "metadata", (program) => {
      expect(() => program.run(frame(60), { metadataLength: 3 })).toThrow(/BPF_PROG_TEST_RUN: EINVAL/);
    }));

  test.each<[string, RunOptions, string]>([
    ["a device that is not there", { ingressIfindex: 1_000_000 }, "ENODEV"],
    ["a queue that lo does not have", { ingressIfindex: 1, rxQueueIndex: 99 }, "EINVAL"],
    ["a device to leave by", { egressIfindex: 1 }, "EINVAL"],
  ])("XDP: %s is refused", (_what, options, code) =>
    withProgram("xdp", "metadata", (program) => {
      expect(() => program.run(frame(60), options)).toThrow(expect.objectContaining({ code }));
    }),
  );

  test("XDP: packets in several buffers, for programs that take them", () =>
    withProgram("xdp", "frags", (program) => {
      const packet = frame(9000);
      const { action, packet: out } = program.run(packet);
      expect(action).toBe("XDP_TX");
      expect(out).toEqual(packet);
    }));

  test("XDP: programs of a DEVMAP are run with packets alone", () =>
    withProgram("xdp", "outgoing", (program) => {
      expect(() => program.run(frame(60))).toThrow(/program outgoing: a packet of 60 bytes/);
    }));

  test("TC: fields of the sk_buff go in, and come out as they were left", () =>
    withProgram("tc", "reflect", (program) => {
      const packet = frame(60);
      const skb = { mark: 3, priority: 5, ifindex: 1, cb: [0, 0, 9], gsoSize: 11, gsoSegs: 4, wireLen: 1234 };
      const { action, packet: out, context, metadata } = program.run(packet, { skb });
      expect(action).toBe("TC_ACT_SHOT");
      expect(words(out, 14)).toEqual([3, 5, 1, 9, 11]);
      expect(out.slice(34)).toEqual(packet.slice(34));
      expect(metadata).toEqual(new Uint8Array(0));
      const field = (offset: number) => words(context, offset)[0];
      expect([field(SkbField.Mark), field(SkbField.Priority), field(SkbField.Cb)]).toEqual([77, 4, 1234]);
    }));

  test("TC: what cannot be chosen is refused by name", () =>
    withProgram("tc", "reflect", (program) => {
      expect(() => program.run(frame(60), { skb: { queueMapping: 1 } })).toThrow(NotSupportedError);
      expect(() => program.run(frame(60), { skb: { queueMapping: 1 } })).toThrow(/queueMapping/);
    }));

  test("TC: a packet that grows comes out whole", () =>
    withProgram("tc", "grow", (program) => {
      const { action, packet } = program.run(frame(60));
      expect(action).toBe("TC_ACT_OK");
      expect(packet.slice(0, 60)).toEqual(frame(60));
      expect(packet).toHaveLength(3000);
    }));

  test.each([ProgramType.SocketFilter, ProgramType.SchedCls, ProgramType.SchedAct])(
    "programs of type %i see, and give back, what they do in the user-space kernel",
    async (type) => {
      const spec = assembledObject({
        programs: [{ name: "length", type, code: "r0 = *(u32 *)(r1 + 0)\nexit" }],
      });
      await using user = openUserKernel();
      await using linux = openLinuxKernel();
      using ours = await user.load(spec);
      using theirs = await linux.load(spec);
      const [a, b] = [ours, theirs].map((object) => object.program("length").run(frame(64)));
      expect([b.retval, b.action, b.packet]).toEqual([a.retval, a.action, a.packet]);
    },
  );

  test.each([0, 13])("a packet of %i bytes is refused, as it is in the user-space kernel", async (length) => {
    await using user = openUserKernel();
    using object = await user.load(fixture("xdp"), { programs: ["metadata"] });
    const codeOf = (run: () => unknown) => {
      try {
        run();
      } catch (error) {
        return (error as KernelError).code;
      }
      return "ran";
    };
    await withProgram("xdp", "metadata", (program) => {
      const linux = codeOf(() => program.run(frame(length)));
      expect(linux).toBe("EINVAL");
      expect(codeOf(() => object.program("metadata").run(frame(length)))).toBe(linux);
    });
  });
});
