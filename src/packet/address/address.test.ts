import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SyntaxProblem } from "../../errors.js";
import { formatIpv4, formatIpv6, formatMac, parseIpv4, parseIpv6, parseMac } from "./index.js";

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe("addresses", () => {
  test.each([
    ["IPv4", 4, formatIpv4, parseIpv4],
    ["IPv6", 16, formatIpv6, parseIpv6],
    ["MAC", 6, formatMac, parseMac],
  ] as const)("%s: what is formatted is read again", (_name, length, format, parse) => {
    fc.assert(
      fc.property(bytesOf(length), (bytes) => {
        expect(parse(format(bytes))).toEqual(bytes);
      }),
    );
  });

  test.each([
    ["2001:db8:0:0:0:0:0:1", "2001:db8::1"],
    ["2001:0DB8::0001", "2001:db8::1"],
    // RFC 5952 §4.2.3: the longest run, the first of equals.
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    // §4.2.2: a single group of zeroes stays.
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["::", "::"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80::", "fe80::"],
  ])("IPv6 %s is %s", (text, canonical) => {
    expect(formatIpv6(parseIpv6(text))).toBe(canonical);
  });

  test.each([
    [parseIpv4, ["", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.x", "1.2.3.-4", " 1.2.3.4"]],
    [
      parseIpv6,
      [
        "",
        ":",
        ":::",
        "1",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1::2::3",
        "g::",
        "12345::",
        "::1.2.3",
        "1.2.3.4::",
        "fe80::1%eth0",
        "1:2:3:4:5:6:7:8::",
      ],
    ],
    [parseMac, ["", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2-3:4:5:6", "1:2:3:4:5:g", "001:2:3:4:5:6"]],
  ] as const)("%o refuses what is none", (parse, texts) => {
    for (const text of texts) expect(() => parse(text), text).toThrow(SyntaxProblem);
  });
});
