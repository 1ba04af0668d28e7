import { SyntaxProblem } from "../errors.js";
import type { MapReference } from "../linux/index.js";

/** How maps of Linux are named, as bpftool has it. */
export const REFERENCE_USAGE = "id N | name NAME | pinned PATH";

/** The map that the first words name, and the words behind. Throws SyntaxProblem. */
export function parseReference(words: readonly string[]): {
  reference: MapReference;
  rest: readonly string[];
} {
  const [kind, which, ...rest] = words;
  if (which === undefined) throw new SyntaxProblem(`a map is wanted: ${REFERENCE_USAGE}`);
  switch (kind) {
    case "id": {
      const id = /^\d+$/.test(which) ? Number(which) : 0;
      if (id === 0 || id > 0xffffffff) throw new SyntaxProblem(`"${which}" is no id of a map`);
      return { reference: { id }, rest };
    }
    case "name":
      return { reference: { name: which }, rest };
    case "pinned":
      return { reference: { path: which }, rest };
    default:
      throw new SyntaxProblem(`"${kind}": a map is named by ${REFERENCE_USAGE}`);
  }
}
