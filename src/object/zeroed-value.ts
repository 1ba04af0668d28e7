import { ObjectFormatError } from "../errors.js";

/** Linux takes no array whose values are larger (kernel/bpf/arraymap.c, array_map_alloc_check). */
const LARGEST_VALUE = 0x7fffffff;

/** The value of a section's map before it has any; throws ObjectFormatError for sizes that no map has. */
export function zeroedValue(size: number, section: string): Uint8Array {
  const fail = (cause?: unknown): never => {
    const why = `${size} bytes of variables are more than a map's value can have (${LARGEST_VALUE})`;
    throw new ObjectFormatError(`${why}: use a map of several entries`, { section }, { cause });
  };
  if (size > LARGEST_VALUE) fail();
  try {
    return new Uint8Array(size);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return fail(error);
  }
}
