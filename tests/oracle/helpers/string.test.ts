import fc from "fast-check";
import { test } from "vitest";
import { MapFlag, MapType } from "../../../src/uapi/index.js";
import { describeWith } from "../../needs.js";
import { seedOf } from "../../seed.js";
import { type Case, useAgreement } from "./agree.js";
import { helperObject, packets, withConstant } from "./programs.js";

const seed = seedOf("strings");
const one = packets(new Uint8Array(64));
/** Bytes that each string may have, its NUL included. */
const ROOM = 80;
const KEY = new Uint8Array(4);

/** Strings at multiples of ROOM, in a map that programs may only read, as compilers place constants. */
function constants(strings: readonly Uint8Array[]) {
  const data = new Uint8Array(strings.length * ROOM);
  for (const [index, string] of strings.entries()) data.set(string.subarray(0, ROOM - 1), index * ROOM);
  const map = { name: "constants", type: MapType.Array, valueSize: data.length, flags: MapFlag.RdonlyProg };
  return { data, map };
}

/** One program that makes many calls, the result of each at its own place. */
function callsOn(
  title: string,
  strings: readonly Uint8Array[],
  calls: readonly string[],
  kfuncs: string[] = [],
): Case {
  const { data, map } = constants(strings);
  const body = calls.map((each, index) => `${each}\n*(u64 *)(r9 + ${8 + index * 8}) = r0`).join("\n");
  return [
    title,
    withConstant(helperObject(body, { maps: [map], kfuncs }), "constants", data),
    { packets: one },
  ];
}

const at = (index: number) => `constants[0]+${index * ROOM} ll`;
const ascii = (text: string) => new TextEncoder().encode(text);

const NUMBERS = [
  "0",
  "1",
  "-1",
  "+1",
  "42 and more",
  "  7",
  "\t\n-13",
  "0x1F",
  "0X1f",
  "0xg",
  "0x",
  "017",
  "08",
  "00",
  "-",
  "- 1",
  "",
  " ",
  "9223372036854775807",
  "9223372036854775808",
  "-9223372036854775808",
  "-9223372036854775809",
  "18446744073709551615",
  "18446744073709551616",
  "99999999999999999999999999",
  "ffff",
  "-0x10",
  "0x-1",
  "1_000",
  "\u00a07",
  "\v\f\r5",
  `${"0".repeat(62)}7`,
  `${"0".repeat(63)}7`,
  `${"0".repeat(70)}7`,
  "-0",
  "0b11",
  "1e3",
  "0x0x1",
];

describeWith(["bpf"], "helpers on strings", () => {
  const agree = useAgreement();

  test("strtol and strtoul", async () => {
    const texts = NUMBERS.map(ascii);
    const cases: Case[] = [];
    for (const helper of ["strtol", "strtoul"]) {
      for (const flags of [0, 8, 10, 16, 2, 31, 32, 1n << 32n]) {
        for (const length of flags === 0 ? [1, 2, 3, 66, ROOM] : [ROOM]) {
          const calls = texts.flatMap((_, index) => [
            `r1 = -5
             *(u64 *)(r10 - 8) = r1
             r1 = ${at(index)}
             r2 = ${length}
             r3 = ${flags} ll
             r4 = r10
             r4 += -8
             call ${helper}`,
            "r0 = *(u64 *)(r10 - 8)",
          ]);
          cases.push(callsOn(`${helper} of ${length} bytes, flags ${flags}`, texts, calls));
        }
      }
    }
    await agree(cases);
  });

  const letters = fc
    .uint8Array({ minLength: 0, maxLength: 12 })
    .map((bytes) => bytes.map((byte) => [0, 0x61, 0x62, 0x41, 0xe4, 0xc4, 0xd7][byte % 7]));

  test("strncmp", async () => {
    const rows = fc.sample(fc.tuple(fc.tuple(letters, letters), fc.integer({ min: 1, max: 16 })), {
      numRuns: 90,
      seed,
    });
    const calls = rows.map(
      ([, size], index) => `r1 = ${at(index * 2)}\nr2 = ${size}\nr3 = ${at(index * 2 + 1)}\ncall strncmp`,
    );
    await agree([
      callsOn(
        "strncmp",
        rows.flatMap(([pair]) => pair),
        calls,
      ),
    ]);
  });

  /** Kfuncs by the arguments that they take: strings, a byte, a length. */
  const KFUNCS: readonly (readonly [name: string, args: string])[] = [
    ["strcmp", "ss"],
    ["strcasecmp", "ss"],
    ["strchr", "sb"],
    ["strnchr", "snb"],
    ["strchrnul", "sb"],
    ["strrchr", "sb"],
    ["strlen", "s"],
    ["strnlen", "sn"],
    ["strspn", "ss"],
    ["strcspn", "ss"],
    ["strstr", "ss"],
    ["strnstr", "ssn"],
  ];
  const values = fc.record({
    first: letters,
    second: letters.map((bytes) => bytes.subarray(0, 3)),
    byte: fc.constantFrom(0, 0x61, 0x62, 0xe4, 0x161, -1),
    length: fc.constantFrom(0n, 1n, 2n, 5n, 12n, 65535n, 65536n, 65537n, 1n << 32n, (1n << 64n) - 1n),
  });

  test.each(KFUNCS)("bpf_%s", async (name, args) => {
    const rows = fc.sample(values, { numRuns: 90, seed });
    const calls = rows.map(({ byte, length }, row) => {
      let strings = 0;
      const registers = [...args].map((kind, index) => {
        const register = `r${index + 1}`;
        if (kind === "b") return `${register} = ${byte}`;
        if (kind === "n") return `${register} = 0x${length.toString(16)} ll`;
        return `${register} = ${at(row * 2 + strings++)}`;
      });
      return [...registers, "call kfunc#0"].join("\n");
    });
    const strings = rows.flatMap(({ first, second }) => [first, second]);
    await agree([callsOn(name, strings, calls, [`bpf_${name}`])]);
  });

  test("strings at addresses where there is nothing", async () => {
    const cases = KFUNCS.map(([name, args]): Case => {
      const calls = [0n, 1n, 0x1000n, 1n << 46n, 1n << 60n, 0xffff_ffff_ffff_fff0n].flatMap((address) =>
        (args.startsWith("ss") ? [1, 2] : [1]).map((bad) => {
          const registers = [1, 2].map(
            (n) => `r${n} = ${n === bad ? `0x${address.toString(16)} ll` : at(0)}`,
          );
          const rest = args.startsWith("ss") ? ["r3 = 5"] : ["r2 = 5", "r3 = 97"];
          return [...registers, ...rest, "call kfunc#0"].join("\n");
        }),
      );
      return callsOn(name, [ascii("abc")], calls, [`bpf_${name}`]);
    });
    await agree(cases);
  });

  test("strings without an end", async () => {
    const size = 65540;
    const long = { name: "long", type: MapType.Array, valueSize: size * 2 };
    const value = new Uint8Array(size * 2).fill(0x61);
    const cases = KFUNCS.map(([name, args]): Case => {
      const registers = [...args].map((kind, index) => {
        if (kind === "s") return `r${index + 1} = long[0]+${index * size} ll`;
        return `r${index + 1} = ${kind === "b" ? 0x62 : 70000}`;
      });
      const body = [...registers, "call kfunc#0"].join("\n");
      return [
        name,
        helperObject(body, { maps: [long], kfuncs: [`bpf_${name}`] }),
        { packets: one, contents: [{ map: "long", key: KEY, value }] },
      ];
    });
    await agree(cases.filter(([name]) => name !== "strspn"));
  });
});
