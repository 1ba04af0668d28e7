import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import koffi from "koffi";

/** What libbpf makes of a program: its code, or why there is none. */
export type LibbpfResult =
  | { readonly code: Uint8Array }
  /** The relocation was refused, by a message that begins so. */
  | { readonly refusal: string };

const REFUSALS = ["failed to relocate", "failed to patch insn", "parsing [%u]"];

class Libbpf {
  readonly #library = koffi.load("libbpf.so.1");
  readonly #printer = koffi.proto("int libbpf_print(int level, const char *format, void *arguments)");
  readonly setPrint = this.#library.func("libbpf_set_print", "void *", [koffi.pointer(this.#printer)]);
  readonly open = this.#library.func("bpf_object__open_mem", "void *", ["void *", "size_t", "void *"]);
  readonly close = this.#library.func("void bpf_object__close(void *object)");
  readonly load = this.#library.func("int bpf_object__load(void *object)");
  readonly next = this.#library.func("void *bpf_object__next_program(void *object, void *program)");
  readonly name = this.#library.func("const char *bpf_program__name(void *program)");
  readonly autoload = this.#library.func("int bpf_program__set_autoload(void *program, bool autoload)");
  readonly insns = this.#library.func("void *bpf_program__insns(void *program)");
  readonly count = this.#library.func("size_t bpf_program__insn_cnt(void *program)");

  /** Calls with libbpf's messages, as formats that are not filled in, given to `print`. */
  quietly<T>(print: (format: string) => void, body: () => T): T {
    const callback = koffi.register((_level: number, format: string) => {
      print(format);
      return 0;
    }, koffi.pointer(this.#printer));
    this.setPrint(callback);
    try {
      return body();
    } finally {
      this.setPrint(null);
      koffi.unregister(callback);
    }
  }
}

let library: Libbpf | undefined;

const OPTIONS = koffi.struct("bpf_object_open_opts", {
  sz: "size_t",
  object_name: "const char *",
  relaxed_maps: "bool",
  pin_root_path: "const char *",
  unused: "uint64_t",
  kconfig: "const char *",
  btf_custom_path: "const char *",
});

/**
 * Has libbpf relocate each program of an object for a kernel with the types of `target`, and gives the
 * code before the running kernel sees it. Programs are taken one at a time: one's failure is its own.
 */
export function relocateWithLibbpf(
  object: Uint8Array,
  target: Uint8Array,
  programs: readonly string[],
): Map<string, LibbpfResult> {
  library ??= new Libbpf();
  const libbpf = library;
  const folder = mkdtempSync(join(tmpdir(), "wirebee-btf-"));
  const path = join(folder, "target.btf");
  writeFileSync(path, target);
  try {
    return new Map(programs.map((name) => [name, relocate(libbpf, object, path, name)]));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function relocate(libbpf: Libbpf, object: Uint8Array, path: string, wanted: string): LibbpfResult {
  const options = koffi.alloc(OPTIONS, 1);
  koffi.encode(options, OPTIONS, {
    sz: koffi.sizeof(OPTIONS),
    object_name: wanted,
    relaxed_maps: false,
    pin_root_path: null,
    unused: 0,
    kconfig: null,
    btf_custom_path: path,
  });
  let refusal: string | undefined;
  let isReached = false;
  const note = (format: string) => {
    if (format.includes("CO-RE relocations")) isReached = true;
    if (REFUSALS.some((text) => format.includes(text))) refusal ??= format.trim();
  };
  return libbpf.quietly(note, () => {
    const opened = libbpf.open(object, object.length, options);
    if (opened === null) throw new Error("libbpf cannot open the object");
    try {
      let found: unknown;
      for (let each = libbpf.next(opened, null); each !== null; each = libbpf.next(opened, each)) {
        libbpf.autoload(each, libbpf.name(each) === wanted);
        if (libbpf.name(each) === wanted) found = each;
      }
      if (found === undefined) throw new Error(`libbpf finds no program ${wanted}`);
      // Whether the kernel takes it is another question: the code is relocated by then.
      libbpf.load(opened);
      if (refusal !== undefined) return { refusal };
      if (!isReached) throw new Error(`libbpf does not come to relocate ${wanted}`);
      const bytes = koffi.decode(libbpf.insns(found), "uint8_t", libbpf.count(found) * 8);
      return { code: Uint8Array.from(bytes) };
    } finally {
      libbpf.close(opened);
    }
  });
}
