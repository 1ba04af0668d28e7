/** What one look at the machine found. */
export interface Finding {
  /** What it is needed for: a heading. */
  readonly group: string;
  readonly name: string;
  readonly isFine: boolean;
  /** Whether nothing works without it. */
  readonly isBasic: boolean;
  /** What was found, or what is wrong. */
  readonly detail: string;
  /** What to do where it is not fine. */
  readonly remedy?: string;
}
