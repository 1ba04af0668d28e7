import { test } from "vitest";
import { BpfMachine, compileFilter } from "../../src/packet/index.js";
import { capturedFrames } from "./captured-frames.js";

test("bench", async () => {
  const frames = (await capturedFrames()).slice(0, 5186);
  for (const e of [
    "ip",
    "tcp port 80 or 443",
    "host 10.0.0.1",
    "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
    "portrange 1-1024",
    "ip[12:4] / ip[9] > 1000",
  ]) {
    const f = compileFilter(e);
    const m = new BpfMachine(f.instructions);
    for (let r = 0; r < 3; r++) {
      const t = process.hrtime.bigint();
      let n = 0;
      for (let k = 0; k < 40; k++)
        for (const p of frames) n += m.run(p.buffer, p.capturedLength, p.length, p.offset) !== 0 ? 1 : 0;
      console.log(e, n / 40, Number(process.hrtime.bigint() - t) / 40 / frames.length, "ns");
    }
  }
});
