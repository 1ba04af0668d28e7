import type { MapSpec } from "./object-spec.js";

/** BPF_OBJ_NAME_LEN without its NUL: the longest name of a map or program in the kernel. */
const LONGEST = 15;
/** libbpf keeps so much of a map's name for the section's, however short that is (internal_map_name). */
const SUFFIX = 7;

/** A name as a kernel takes it for maps and programs: letters, digits, "_" and ".", 15 at most. */
export function kernelName(name: string): string {
  return name.replace(/[^A-Za-z0-9_.]/g, "_").slice(0, LONGEST);
}

/**
 * What a map of an object is called in a kernel. Data sections' maps are called after their object,
 * cut so that the section's name fits: "firewall.rodata"; those with a name of their own
 * (".data.custom") have no room for it (libbpf, internal_map_name).
 */
export function kernelMapName(object: string, map: Pick<MapSpec, "name" | "section">): string {
  const { section } = map;
  if (!isDataSectionName(section)) return kernelName(map.name);
  if (section.indexOf(".", 1) > 0) return kernelName(section);
  const room = LONGEST - Math.min(LONGEST, Math.max(SUFFIX, section.length));
  return kernelName(object.slice(0, room) + section);
}

/** Whether a section's content becomes the only value of a map: .data, .rodata, .bss, .kconfig. */
export function isDataSectionName(section: string): boolean {
  return /^\.(data|rodata|bss)(\.|$)/.test(section) || section === ".kconfig";
}

/** Whether programs and, once they are loaded, everyone else can only read a section's map. */
export function isReadOnlySection(section: string): boolean {
  return /^\.rodata(\.|$)/.test(section) || section === ".kconfig";
}

/** What an object is called that was read from a path: the file's name up to its first dot, as libbpf has it. */
export function objectName(path: string): string {
  const file = path.slice(path.lastIndexOf("/") + 1);
  const dot = file.indexOf(".");
  return (dot < 0 ? file : file.slice(0, dot)).slice(0, LONGEST);
}
