/** What the process ends with. */
export const ExitCode = {
  Ok: 0,
  /** Refused or failed: a damaged file, a program that cannot be loaded, an error of our own. */
  Failed: 1,
  /** The command line was not understood. */
  Usage: 2,
  /** A tool, a privilege or a kernel's support is missing. */
  Missing: 3,
  /** 128 + SIGINT, as shells number it. */
  Interrupted: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];
