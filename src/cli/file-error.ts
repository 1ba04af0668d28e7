import { NotSupportedError, ObjectFormatError, WirebeeError } from "../errors.js";

const REASONS = new Map<string, string>([
  ["EACCES", "permission denied"],
  ["EEXIST", "the file exists"],
  ["EFBIG", "the file would be too large"],
  ["EIO", "input/output error"],
  ["EISDIR", "is a directory"],
  ["ELOOP", "too many symbolic links"],
  ["EMFILE", "too many open files"],
  ["ENAMETOOLONG", "the name is too long"],
  ["ENOENT", "no such file or directory"],
  ["ENOSPC", "no space left on the device"],
  ["ENOTDIR", "a part of the path is not a directory"],
  ["EPERM", "operation not permitted"],
  ["EROFS", "the file system is read-only"],
  ["ETXTBSY", "the file is being executed"],
]);

/** A file that cannot be read or written. */
export class FileError extends WirebeeError {
  override name = "FileError";
  readonly path: string;
  /** "ENOENT". */
  readonly code: string;

  constructor(path: string, code: string, doing: "read" | "write", options?: ErrorOptions) {
    super(`cannot ${doing} ${path}: ${REASONS.get(code) ?? code}`, options);
    this.path = path;
    this.code = code;
  }
}

/** Node's error of a file operation as a FileError; anything else as it is. */
export function fileError(error: unknown, path: string, doing: "read" | "write"): unknown {
  const code = errorCode(error);
  return code === undefined ? error : new FileError(path, code, doing, { cause: error });
}

/** The code of an error of Node's ("ENOENT"), undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Puts a file's name before what was said of its content, for errors that know offsets alone. */
export function namingFile(error: unknown, path: string): unknown {
  const isOfContent = error instanceof ObjectFormatError || error instanceof NotSupportedError;
  if (isOfContent && !error.message.startsWith(`${path}: `)) error.message = `${path}: ${error.message}`;
  return error;
}
