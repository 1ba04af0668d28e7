/**
 * BTF: the types of programs, maps and kernels: parse, check, build and merge, print as C, read and
 * write values. Imports errors alone.
 */
export { formatAddress } from "./address-text.js";
export { addressKind } from "./address-type.js";
export { Btf } from "./btf.js";
export { BtfBuilder, type BtfBuilderOptions } from "./btf-builder.js";
export { BtfExt, type CoreRelocation, type FuncInfo, type LineInfo, type SectionInfo } from "./btf-ext.js";
export { writeBtfExt } from "./btf-ext-write.js";
export { checkBtf } from "./check-btf.js";
export { dumpRaw, dumpRawType } from "./dump-raw.js";
export { formatType } from "./format-type.js";
export { elementType } from "./measure.js";
export { essentialName } from "./name-index.js";
export { type HeaderOptions, printHeader, printTypes } from "./print-c.js";
export * from "./types.js";
export { type BtfValue, decodeValue } from "./value-decode.js";
export { type BtfInput, encodeValue } from "./value-encode.js";
export { type FormatValueOptions, formatValue } from "./value-format.js";
export { type NamedValue, ValueWalker } from "./value-walker.js";
