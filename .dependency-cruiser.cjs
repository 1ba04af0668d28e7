/** Rooms import only rooms above them; everything down to `user/` is browser-safe (ARCHITECTURE.md). */
const rooms = [
  ["uapi"],
  ["errors.ts"],
  ["arena", "asm", "btf", "elf"],
  ["object"],
  ["helpers"],
  ["verifier"],
  ["maps"],
  ["vm"],
  ["packet"],
  ["net"],
  ["kernel.ts"],
  ["user"],
  ["linux"],
  ["compile"],
  ["testing"],
  ["cli"],
];
const pathOf = (room) => (room.endsWith(".ts") ? `^src/${room.replace(".", "\\.")}$` : `^src/${room}/`);
const inTests = "\\.(test|oracle)\\.ts$";

module.exports = {
  forbidden: [
    {
      name: "no-circular",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "browser-safe",
      comment: "no node: import in anything that runs in the browser",
      severity: "error",
      from: { path: "^src/", pathNot: ["^src/(linux|compile|testing|cli)/", inTests] },
      to: { dependencyTypes: ["core"] },
    },
    ...rooms.slice(0, -1).flatMap((names, level) =>
      names.map((name) => ({
        name: `${name.replace(".ts", "")}-imports-only-above`,
        severity: "error",
        from: { path: pathOf(name), pathNot: inTests },
        to: {
          path: rooms
            .slice(level + 1)
            .flat()
            .map(pathOf),
        },
      })),
    ),
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
  },
};
