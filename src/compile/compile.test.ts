import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { describeWith } from "../../tests/needs.js";
import { parseObject } from "../object/index.js";
import { compile } from "./compile.js";
import { CompileError, type Diagnostic } from "./diagnostic.js";
import { installedClangs, PASS, testFolder } from "./fixtures.oracle.js";
import type { CompileOptions } from "./flags.js";
import { SourceError } from "./source-file.js";

const file = testFolder();
afterEach(() => vi.unstubAllEnvs());

/** Compiles without a cache unless told of one. */
function build(source: string, options: CompileOptions = {}) {
  return compile(source, { cache: false, ...options });
}

function refusal(source: string, options: CompileOptions = {}): CompileError {
  try {
    build(source, options);
  } catch (error) {
    expect(error).toBeInstanceOf(CompileError);
    return error as CompileError;
  }
  throw new Error("it compiled");
}

const place = ({ file, line, column, severity }: Diagnostic) => `${file}:${line}:${column} ${severity}`;

describeWith(["command clang|clang-14|clang-16|clang-19"], "compile", () => {
  for (const { path, version } of installedClangs()) {
    test(`makes an object with BTF and line information with ${path} (${version})`, () => {
      const source = file("pass.c", PASS);
      const { object, diagnostics, clang } = build(source, { clang: path });
      expect(diagnostics).toEqual([]);
      expect(clang.version).toBe(version);
      const [program] = parseObject(object).programs;
      expect(program.name).toBe("pass");
      expect(program.lines[0]).toMatchObject({ line: 6, text: "\treturn XDP_PASS;" });
      expect(program.lines[0].file).toMatch(/^(\.\/)?pass\.c$/);
      expect(parseObject(object).btf).toBeDefined();
    });

    test(`says where ${path} found an error`, () => {
      const source = file("bad/broken.c", '#include "part.h"\nint g(void) { return missing; }\n');
      file("bad/part.h", "int f(void) { int unused; return 1 }\n");
      const { diagnostics, message, output } = refusal(source, { clang: path });
      const folder = dirname(source);
      expect(diagnostics.map(place)).toContain(`${folder}/part.h:1:35 error`);
      expect(diagnostics.map(place)).toContain(`${folder}/broken.c:2:22 error`);
      expect(message).toMatch(new RegExp(`^${source} does not compile:\n`));
      expect(output).toContain(`In file included from ${source}:1:`);
    });

    test(`says what the code generator of ${path} refuses`, () => {
      const body = "volatile char a[600]; for (int i = 0; i < 600; i++) a[i] = i; return a[ctx->data & 511];";
      const source = file("stack.c", PASS.replace("(void)ctx;", body));
      const places = refusal(source, { clang: path }).diagnostics.map(
        (diagnostic) => `${place(diagnostic)}: ${diagnostic.message}`,
      );
      expect(places.join("\n")).toMatch(/stack\.c:5:\d+ error: Looks like the BPF stack limit/);
    });
  }

  test("names files as its caller does", () => {
    file("bad/broken.c", "int f(void) { return x; }\n");
    const source = relative(process.cwd(), file("bad/broken.c"));
    expect(refusal(source).diagnostics.map(place)).toEqual([`${source}:1:22 error`]);
    expect(refusal(`./${source}`).diagnostics[0].file).toBe(join(dirname(source), "broken.c"));
  });

  test("gives warnings with the object", () => {
    const source = file("warned.c", PASS.replace("(void)ctx;", "int unused; (void)ctx;"));
    const { diagnostics, object } = build(source);
    expect(diagnostics.map(place)).toEqual([`${source}:5:6 warning`]);
    expect(parseObject(object).programs).toHaveLength(1);
  });

  test("gives the same object wherever the source lies", () => {
    const one = build(file("here/pass.c", PASS)).object;
    const other = build(file("elsewhere/deeper/pass.c", PASS)).object;
    expect(Buffer.from(one).equals(other)).toBe(true);
    expect(Buffer.from(one).includes(dirname(file("here/pass.c")))).toBe(false);
  });

  test("compiles for big-endian machines", () => {
    const spec = parseObject(build(file("pass.c", PASS), { byteOrder: "big" }).object);
    expect(spec.littleEndian).toBe(false);
    expect(spec.programs[0].name).toBe("pass");
  });

  test("takes macros and folders for #include", () => {
    const source = file(
      "options.c",
      PASS.replace("XDP_PASS", "VERDICT").replace("xdp.h>", 'xdp.h>\n#include "v.h"'),
    );
    file("verdicts/v.h", "#define VERDICT (TWICE * 2)\n");
    const includes = [dirname(file("verdicts/v.h"))];
    const code = (twice: string) =>
      parseObject(build(source, { includes, defines: { TWICE: twice } }).object).programs[0].code;
    expect(code("1")).not.toEqual(code("2"));
    expect(refusal(source).diagnostics[0].message).toBe("'v.h' file not found");
  });

  test.each(["v1", "v2", "v3", "v4"] as const)(
    "compiles for the instruction set %s where clang knows it",
    (cpu) => {
      const clang = installedClangs().at(-1);
      if (cpu === "v4" && (clang?.major ?? 0) < 18) return;
      const { object } = build(file("pass.c", PASS), { cpu, clang: clang?.path ?? "clang" });
      expect(parseObject(object).programs).toHaveLength(1);
    },
  );

  // Clang's list of what was included has no way to write a backslash: what has one is not kept.
  const names: readonly [name: string, isKept: boolean][] = [
    ["with space.c", true],
    ["naïve – 蜂.c", true],
    ["-o.c", true],
    ["a=b/x=y.c", true],
    ["#1 $HOME.c", true],
    ["; touch made; `touch made` $(touch made)'\".c", true],
    ["back\\slash.c", false],
  ];
  test.each(names)("compiles a source called %j, without a shell", (name, isKept) => {
    const source = file(`names/${name}`, `${PASS}// ${name}`);
    const cache = file("names-cache");
    expect(parseObject(build(source, { cache }).object).programs[0].name).toBe("pass");
    expect(build(source, { cache }).isCached).toBe(isKept);
    expect(readdirSync(dirname(source))).not.toContain("made");
    expect(existsSync("made")).toBe(false);
  });

  const unreadable: readonly [title: string, path: () => string, code: string, reason: string][] = [
    ["missing", () => file("no/such.c"), "ENOENT", "there is no such file"],
    ["a folder", () => dirname(file("pass.c", PASS)), "EISDIR", "it is a folder"],
    ["behind a file", () => `${file("pass.c", PASS)}/x.c`, "ENOTDIR", "ENOTDIR"],
    ["called by too long a name", () => file(`${"x".repeat(300)}.c`), "ENAMETOOLONG", "ENAMETOOLONG"],
  ];
  test.each(unreadable)("a source that is %s is an error of its own", (_title, path, code, reason) => {
    const source = path();
    expect(() => build(source)).toThrow(SourceError);
    try {
      build(source);
    } catch (error) {
      expect(error).toMatchObject({ path: source, code, message: `cannot read ${source}: ${reason}` });
    }
  });

  test("leaves nothing behind, whether it worked or not", () => {
    const temporary = dirname(file("temporary/kept", ""));
    vi.stubEnv("TMPDIR", temporary);
    const source = file("pass.c", PASS);
    const before = readdirSync(dirname(source));
    build(source);
    refusal(file("bad/broken.c", "x"));
    expect(() => build("/no/such.c")).toThrow(SourceError);
    expect(readdirSync(temporary)).toEqual(["kept"]);
    expect(readdirSync(dirname(source))).toEqual(before);
  });
});

describeWith(["command clang|clang-14|clang-16|clang-19"], "compile's cache", () => {
  const cache = file("cache");
  const header = file("cached/part.h", "#define PART 1\n");
  const source = file("cached/whole.c", PASS.replace("xdp.h>", 'xdp.h>\n#include "part.h"'));
  const run = (options: CompileOptions = {}) => compile(source, { cache, ...options });
  const changed = (path: string, more: string) => {
    appendFileSync(path, more);
    return {};
  };

  test("gives the same object again", () => {
    const first = run();
    const second = run();
    expect([first.isCached, second.isCached]).toEqual([false, true]);
    expect(second.object).toEqual(first.object);
    // As it does the same source in another folder.
    const copy = file("copied/whole.c", readFileSync(source, "utf8"));
    file("copied/part.h", readFileSync(header, "utf8"));
    expect(compile(copy, { cache }).isCached).toBe(true);
  });

  const changes: readonly [title: string, change: () => CompileOptions][] = [
    ["the source", () => changed(source, "int more;\n")],
    ["a comment, which is in the line information", () => changed(source, "// more\n")],
    ["a header", () => changed(header, "#define OTHER 2\n")],
    ["a macro", () => ({ defines: { THIRD: "3" } })],
    ["the instruction set", () => ({ cpu: "v2" })],
    ["the byte order", () => ({ byteOrder: "big" })],
    [
      "a folder that hides a header",
      () => ({
        includes: [dirname(dirname(file("hiding/wirebee/xdp.h", "#include_next <wirebee/xdp.h>\n")))],
      }),
    ],
  ];
  test.each(changes)("compiles anew after a change of %s", (_title, change) => {
    run();
    expect(run().isCached).toBe(true);
    const options = change();
    expect(run(options).isCached).toBe(false);
    expect(run(options).isCached).toBe(true);
  });

  test("compiles anew with another clang", () => {
    const [one, other] = installedClangs();
    if (other === undefined) return;
    run({ clang: one.path });
    const isCached = [one, other, one, other].map((clang) => run({ clang: clang.path }).isCached);
    expect(isCached).toEqual([true, false, true, true]);
  });

  test("does not keep what was compiled with warnings, so that they are seen again", () => {
    const warned = file("warned.c", PASS.replace("(void)ctx;", "int unused; (void)ctx;"));
    for (let i = 0; i < 2; i++) {
      const { isCached, diagnostics } = compile(warned, { cache });
      expect({ isCached, count: diagnostics.length }).toEqual({ isCached: false, count: 1 });
    }
  });

  test("compiles what is damaged anew", () => {
    const { object } = run();
    for (const entry of readdirSync(cache)) writeFileSync(join(cache, entry), "damaged");
    const again = run();
    expect(again.isCached).toBe(false);
    expect(again.object).toEqual(object);
    expect(run().isCached).toBe(true);
  });

  test("lies in $XDG_CACHE_HOME or ~/.cache", () => {
    const home = dirname(file("home/x", ""));
    vi.stubEnv("HOME", home);
    vi.stubEnv("XDG_CACHE_HOME", "");
    compile(source);
    expect(readdirSync(join(home, ".cache"))).toEqual(["wirebee"]);
    const other = file("xdg");
    mkdirSync(other);
    vi.stubEnv("XDG_CACHE_HOME", other);
    expect(compile(source).isCached).toBe(false);
    expect(compile(source).isCached).toBe(true);
    expect(readdirSync(other)).toEqual(["wirebee"]);
  });

  test("that cannot be written does no harm", () => {
    const folder = join(file("a file", ""), "below");
    expect(compile(source, { cache: folder }).isCached).toBe(false);
    expect(basename(folder)).toBe("below");
  });
});
