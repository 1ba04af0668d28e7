import { type ElfSection, SectionFlag, SectionType } from "../elf/index.js";
import { isDataSection } from "./data-maps.js";
import { isHidden } from "./fix-data-sections.js";
import type { ObjectFile } from "./object-file.js";
import type { MetadataSection } from "./object-spec.js";

/** Sections that have a meaning of their own, besides those of data and code. */
const KNOWN = /^(license|version|maps(\/.*)?|\.maps|\??\.struct_ops(\.link)?|\.jumptables|\.eh_frame)$/;

/** The sections of variables that are neither maps nor anything else that a kernel is given. */
export function readMetadata(file: ObjectFile): MetadataSection[] {
  return file.elf.sections
    .filter((section) => isMetadata(file, section))
    .map((section) => ({
      name: section.name,
      data: section.data.slice(),
      variables: file.variables(section).map((symbol) => ({
        name: symbol.name,
        offset: symbol.value,
        size: symbol.size,
        isStatic: symbol.binding === "local" || isHidden(symbol),
      })),
    }));
}

function isMetadata(file: ObjectFile, section: ElfSection): boolean {
  const isData = section.type === SectionType.Progbits && (section.flags & SectionFlag.Alloc) !== 0;
  return (
    isData &&
    section.size > 0 &&
    !file.isCode(section) &&
    !isDataSection(section) &&
    !KNOWN.test(section.name)
  );
}
