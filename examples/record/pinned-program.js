/** Programs that Linux holds under a path, so that ip and tc can attach them in another namespace. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { openLinuxKernel } from "../../dist/linux/index.js";
import { parseObject } from "../../dist/object/index.js";

/**
 * Loads an object and pins its programs, each under its name, in a BPF file system that is mounted at
 * `folder`, an empty one. Closing it unpins them: what is attached stays.
 */
export async function pinPrograms(object, folder) {
  const kernel = openLinuxKernel();
  const loaded = await kernel.load(parseObject(object));
  execFileSync("mount", ["-t", "bpf", "bpf", folder]);
  for (const [name, program] of loaded.programs) program.pin(join(folder, name));
  return {
    loaded,
    path: (name) => join(folder, name),
    async close() {
      execFileSync("umount", [folder]);
      await kernel.close();
    },
  };
}
