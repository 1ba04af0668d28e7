import fc from "fast-check";
import { test } from "vitest";
import { BpfMachine, compileFilter } from "../../src/packet/index.js";
import { capturedFrames, withCutFrames } from "./captured-frames.js";
import { madeFrames } from "./made-frames.js";
import { damagedExpression, poolOf, randomExpression } from "./random-expression.js";
import { Tcpdump } from "./tcpdump.js";

test("x", async () => {
  const frames = withCutFrames([...(await capturedFrames()), ...madeFrames(3000)]);
  const pool = poolOf(frames);
  console.log(pool.mac.length, pool.ipv4.length, pool.ipv6.length, pool.port.length);
  using tcpdump = await Tcpdump.open(frames);
  const seed = Number(process.env.SEED ?? Date.now() % 100000);
  const n = Number(process.env.N ?? 300);
  const exprs = [
    ...fc.sample(randomExpression(pool), { seed, numRuns: n }),
    ...fc.sample(damagedExpression(pool), { seed, numRuns: n }),
  ];
  let t = Date.now();
  const answers = await tcpdump.compile(exprs);
  console.log(seed, frames.length, Date.now() - t);
  const half = frames.length / 2;
  const sel = (m: BpfMachine) => {
    const s = new Uint8Array(frames.length);
    frames.forEach((f, i) => {
      s[i] = m.run(f.buffer, f.capturedLength, f.length, f.offset) !== 0 ? 1 : 0;
    });
    return s;
  };
  const diff = (a: Uint8Array, b: Uint8Array) => {
    let x = 0,
      y = 0,
      z = 0;
    for (let i = 0; i < a.length; i++) {
      if (a[i] !== b[i]) {
        if (i < half) z++;
        if (a[i]) x++;
        else y++;
      }
    }
    return `${x}/${y}(${z})`;
  };
  t = Date.now();
  let both = 0,
    refusedBoth = 0,
    empty = 0,
    optdiff = 0;
  exprs.forEach((e, i) => {
    let ours: Uint8Array | string;
    try {
      const f = compileFilter(e);
      ours = sel(new BpfMachine(f.instructions));
    } catch (err) {
      ours = String(err);
      if (!(err as any).name?.startsWith("Syntax")) console.log(e, (err as any).stack);
    }
    const a = answers[i];
    const o = typeof a.optimized === "string" ? a.optimized : sel(new BpfMachine(a.optimized));
    const p = typeof a.plain === "string" ? a.plain : sel(new BpfMachine(a.plain));
    if (typeof ours === "string") {
      if (typeof p !== "string") console.log(`REFUSED ${e}\n   ${ours}`);
      else {
        refusedBoth++;
        if (process.env.V) console.log("both", e, "\n   ", ours, "\n   ", p);
      }
      return;
    }
    if (typeof p === "string") {
      console.log(`ACCEPTED ${e}\n    ${p}`);
      return;
    }
    both++;
    if (!ours.includes(1)) empty++;
    const neither =
      typeof o === "string" ? diff(ours, p) !== "0/0(0)" : ours.some((v, i) => v !== p[i] && v !== o[i]);
    if (neither) console.log("NEITHER", e);
    const dp = diff(ours, p),
      d0 = typeof o === "string" ? "-" : diff(ours, o);
    if (dp !== "0/0(0)" && process.env.V) console.log(`DIFF plain ${dp} opt ${d0}: ${e}`);
    else if (d0 !== "-" && d0 !== "0/0(0)") {
      optdiff++;
      if (process.env.V) console.log(`  opt only ${d0}: ${e}`);
    }
    if (typeof o === "string" && o !== "expression rejects all packets") console.log(`OPT: ${o}: ${e}`);
  });
  console.log({ both, refusedBoth, empty, optdiff, ms: Date.now() - t });
}, 300000);
