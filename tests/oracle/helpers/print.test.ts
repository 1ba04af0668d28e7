import fc from "fast-check";
import { test } from "vitest";
import { MapFlag, MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { type Case, useAgreement } from "./agree.js";
import { helperObject, inBatches, packets, withConstant } from "./programs.js";

const one = packets(new Uint8Array(64));
/** Room for a format, and where the strings and addresses stand that are printed. */
const FORMAT_ROOM = 96;
const TEXTS = 0;
const ADDRESSES = 128;
const DATA = 256;
/** Bytes of output for each call; as many calls as fit a program's results. */
const OUT = 80;
const CALLS = 9;

/** What `%s` and its kin can point to, by number: places in memory, and addresses where there is nothing. */
const POINTERS = [TEXTS, TEXTS + 20, TEXTS + 40, ADDRESSES, ADDRESSES + 16];

interface Print {
  readonly format: string;
  /** Numbers; or a pointer, by its index among POINTERS. */
  readonly args: readonly (bigint | { readonly pointer: number })[];
  readonly size: number;
}

function data(): Uint8Array {
  const bytes = new Uint8Array(DATA);
  const text = new TextEncoder();
  bytes.set(text.encode("hello"), TEXTS);
  bytes.set(text.encode("a longer one"), TEXTS + 20);
  bytes.set(
    Uint8Array.from({ length: 80 }, (_, i) => 0x41 + (i % 26)),
    TEXTS + 40,
  );
  bytes.set([10, 0, 200, 7, 1, 2, 3, 4], ADDRESSES);
  bytes.set([0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0xff, 0xfe, 5], ADDRESSES + 16);
  return bytes;
}

/** Programs that print each with bpf_snprintf, to their results. */
function cases(prints: readonly Print[]): Case[] {
  const all: Case[] = [];
  for (let first = 0; first < prints.length; first += CALLS) {
    const some = prints.slice(first, first + CALLS);
    const formats = new Uint8Array(some.length * FORMAT_ROOM);
    some.forEach(({ format }, index) => {
      formats.set(new TextEncoder().encode(format).subarray(0, FORMAT_ROOM - 1), index * FORMAT_ROOM);
    });
    const calls = some.map(({ args, size }, index) => {
      const at = 16 + index * (OUT + 8);
      const values = args.map((arg, n) => {
        const value =
          typeof arg === "bigint"
            ? `0x${BigInt.asUintN(64, arg).toString(16)} ll`
            : `data[0]+${POINTERS[arg.pointer]} ll`;
        return `r1 = ${value}\n*(u64 *)(r10 - ${96 - n * 8}) = r1`;
      });
      return `
        ${values.join("\n")}
        r1 = ${size === 0 ? "0" : `r9\nr1 += ${at + 8}`}
        r2 = ${size}
        r3 = formats[0]+${index * FORMAT_ROOM} ll
        r4 = ${args.length === 0 ? "0" : "r10\nr4 += -96"}
        r5 = ${args.length * 8}
        call snprintf
        *(u64 *)(r9 + ${at}) = r0`;
    });
    const maps = [
      { name: "formats", type: MapType.Array, valueSize: formats.length, flags: MapFlag.RdonlyProg },
      { name: "data", type: MapType.Array, valueSize: DATA },
    ];
    const object = withConstant(helperObject(calls.join("\n"), { maps }), "formats", formats);
    const contents = [{ map: "data", key: new Uint8Array(4), value: data() }];
    all.push([
      some.map(({ format }) => JSON.stringify(format)).join(" "),
      object,
      { packets: one, contents },
    ]);
  }
  return all;
}

const NUMBERS = [
  0n,
  1n,
  -1n,
  42n,
  255n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 40n,
  -(1n << 63n),
  123456789012n,
];
const FLAGS = ["", "0", "+", "-", " ", "0+", "+0", "-0", "0-", "+ ", "  "];
const WIDTHS = ["", "1", "5", "12", "30"];
const CONVERSIONS = [
  "d",
  "i",
  "u",
  "x",
  "X",
  "ld",
  "li",
  "lu",
  "lx",
  "lX",
  "lld",
  "lli",
  "llu",
  "llx",
  "llX",
];

describeWith(["bpf"], "bpf_snprintf", () => {
  const agree = useAgreement();

  test("numbers", async () => {
    const prints = CONVERSIONS.flatMap((conversion, c) =>
      FLAGS.flatMap((flag, f) =>
        WIDTHS.map((width, w): Print => {
          const args = [0, 1].map((n) => NUMBERS[(c * 7 + f * 3 + w + n * 5) % NUMBERS.length]);
          return { format: `<%${flag}${width}${conversion}|%${conversion}>`, args, size: OUT - 8 };
        }),
      ),
    );
    await agree(cases(prints));
  });

  test("strings, characters and addresses", async () => {
    const kinds = ["s", "pks", "pus", "pi4", "pI4", "pi6", "pI6", "px"];
    const prints = kinds.flatMap((kind) =>
      ["", "0", "-", "+", "8", "-8", "08", "40", "-40"].flatMap((flags): Print[] =>
        (kind === "px" ? [{ pointer: -1 }] : [0, 1, 2, 3, 4].map((pointer) => ({ pointer }))).map(
          ({ pointer }) => ({
            format: `[%${flags}${kind}]`,
            args: [pointer < 0 ? 0x1234n : { pointer }],
            size: OUT - 8,
          }),
        ),
      ),
    );
    const characters = ["c", "5c", "-5c", "05c", "cx", "c%c"].map((kind): Print => {
      return { format: `%${kind}.`, args: [0x41n, 0x1e4n], size: OUT - 8 };
    });
    const nowhere = ["s", "pks", "pus", "pi4", "pI6"].flatMap((kind) =>
      [0n, 1n, 1n << 46n, 0xffff_ffff_ffff_fff0n].map((address): Print => {
        return { format: `[%${kind}]`, args: [address], size: OUT - 8 };
      }),
    );
    await agree(cases([...prints, ...characters, ...nowhere]));
  });

  test("output that does not fit, and none", async () => {
    const prints = [0, 1, 2, 5, 6, 7, 13, 14, 40].flatMap((size): Print[] => [
      { format: "hello %d", args: [12345n], size },
      { format: "%s", args: [{ pointer: 1 }], size },
      { format: "", args: [], size },
      { format: "plain", args: [], size },
      { format: "100%%", args: [], size },
    ]);
    await agree(cases(prints));
  });

  test("formats that are refused, and odd ones", async () => {
    const formats = [
      "%",
      "%%%",
      "%l",
      "%ll",
      "%lll",
      "%lc",
      "%ls",
      "%z",
      "%d%",
      "%5",
      "%0",
      "%-",
      "%05",
      "%.3d",
      "%*d",
      "%hd",
      "%n",
      "%f",
      "%pa",
      "%pI",
      "%pI5",
      "%pi4x",
      "%pI6c",
      "%pks1",
      "%pkx",
      "%pu",
      "%sx",
      "%s_",
      "%s.",
      "%s ",
      "%s\n",
      "%d\u00e4",
      "\u00c3\u00a4 %d",
      "\u0080",
      "%\u00a0d",
      "%s\u00a0",
      "%s\u00a1",
      "%s\u00bf.",
      "%s\u00c0",
      "%s\u00d7",
      "%s\u00f7",
      "%s\u00ff",
      "%s\u0080",
      "%s\u0085",
      "%p\u00a1",
      "\u0001",
      "\u007f",
      "tab\tnew\nline\r",
      "%px%px",
      "%pxx",
      "%10d%-10d|",
      "%+-5d|",
      "% 5d|",
      "%0-5d|",
      "%1000d",
      "%B",
      "%%%d%%",
      "%d %d %d",
      "%5%",
      "%-%",
      "%X%x",
      "%ps",
      "%pS",
      "%pB",
      "%pBz",
      "%20ps|",
      "%-20pS|",
      "%20pB|",
      "%pxyz %d",
      "",
    ];
    // bpf_snprintf's formats are judged before a program runs: bpf_trace_vprintk's when it does.
    const calls = formats.flatMap((format, index) =>
      [0, 1, 2, 3].map((count) => {
        const values = [0x12, 0x34, 0x56].map(
          (value, n) => `r1 = ${value}\n*(u64 *)(r10 - ${24 - n * 8}) = r1`,
        );
        return `
          ${values.join("\n")}
          r1 = formats[0]+${index * FORMAT_ROOM} ll
          r2 = ${format.length + 1}
          r3 = ${count === 0 ? "0" : "r10\nr3 += -24"}
          r4 = ${count * 8}
          call trace_vprintk`;
      }),
    );
    const texts = new Uint8Array(formats.length * FORMAT_ROOM);
    for (const [index, format] of formats.entries())
      texts.set(Buffer.from(format, "latin1"), index * FORMAT_ROOM);
    const maps = [{ name: "formats", type: MapType.Array, valueSize: texts.length }];
    const contents = [{ map: "formats", key: new Uint8Array(4), value: texts }];
    await agree(
      inBatches(calls, { maps }).map(
        (object, at): Case => [`program ${at}`, object, { packets: one, contents }],
      ),
    );
  });

  test("the room for arguments", async () => {
    const twelve = (arg: bigint | { pointer: number }) => new Array(12).fill(arg);
    const prints = ["s", "pI6", "pi6", "lld", "d", "c"].flatMap((kind) =>
      [12, 11, 7, 6].map((count): Print => {
        const format = `%${kind} `.repeat(count);
        const args = twelve(
          kind === "s" ? { pointer: 2 } : kind.startsWith("p") ? { pointer: 4 } : 65n,
        ).slice(0, count);
        return { format, args, size: OUT - 8 };
      }),
    );
    // Twelve texts, or addresses written out, have no room: both answer with an error.
    await agree(cases(prints));
  });

  test("random formats", async () => {
    const seed = seedOf("formats");
    const part = fc.oneof(
      fc.constantFrom(" ", "x", "%%", ":", "-", "\n"),
      fc
        .tuple(
          fc.constantFrom(...FLAGS),
          fc.constantFrom(...WIDTHS),
          fc.constantFrom(...CONVERSIONS, "c", "s", "px", "pI4"),
        )
        .map((parts) => `%${parts.join("")}`),
    );
    const arg = fc.oneof(
      fc.constantFrom(...NUMBERS),
      fc.integer({ min: 0, max: 4 }).map((pointer) => ({ pointer })),
    );
    const prints = fc.sample(
      fc.record({
        format: fc.array(part, { maxLength: 6 }).map((parts) => parts.join(" ")),
        args: fc.array(arg, { maxLength: 6 }),
        size: fc.constantFrom(0, 1, 8, OUT - 8, OUT - 8),
      }),
      { numRuns: 500, seed },
    );
    // What a number's conversion makes of an address differs from kernel to kernel, and Linux refuses to
    // load what has more conversions than arguments.
    const sensible = prints.filter(({ format, args }) => {
      const conversions =
        format.match(/%%|%[-0+ ]*\d*(?:l*[diuxX]|c|s|px|pI4)/g)?.filter((each) => each !== "%%") ?? [];
      return (
        conversions.length <= args.length &&
        args.every((each, index) => typeof each === "bigint" || /s$|pI4$/.test(conversions[index] ?? "s"))
      );
    });
    await agree(cases(sensible));
  });
});
