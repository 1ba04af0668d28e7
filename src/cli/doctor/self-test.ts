import { WirebeeError } from "../../errors.js";
import type { ObjectSpec, ProgramSpec } from "../../object/index.js";
import { Globals } from "../../object/index.js";
import { AttachType, ProgramType, XdpAction } from "../../uapi/index.js";
import { openUserKernel } from "../../user/index.js";

const PACKET = new Uint8Array(64);

/** Runs code that passes every packet; throws where the user-space kernel does not do as it says. */
export async function runsPrograms(code: Uint8Array): Promise<void> {
  await using kernel = openUserKernel();
  using object = await kernel.load(objectOf(code));
  const { retval } = object.program("pass").run(PACKET);
  if (retval !== XdpAction.Pass) throw new WirebeeError(`a program that returns XDP_PASS returned ${retval}`);
}

function objectOf(code: Uint8Array): ObjectSpec {
  const program: ProgramSpec = {
    name: "pass",
    section: "xdp",
    type: ProgramType.Xdp,
    attachType: AttachType.Xdp,
    attachTarget: undefined,
    isSleepable: false,
    hasFrags: false,
    isAutoloaded: true,
    code,
    functions: [{ name: "pass", slot: 0, linkage: "global", typeId: undefined }],
    lines: [],
    references: [],
    coreRelocations: [],
  };
  return {
    name: "doctor",
    littleEndian: true,
    license: "GPL",
    kernelVersion: undefined,
    programs: [program],
    maps: [],
    kconfig: [],
    btf: undefined,
    globals: new Globals([], undefined, true, { read: () => new Uint8Array(0), write: () => {} }),
  };
}
