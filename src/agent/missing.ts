/** What the configuration enables and the agent does not run: why, since when, and whether it is tried again. */

export interface Missing {
  readonly kind: "collector" | "handler";
  readonly section: string;
  readonly reason: string;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** Whether it is tried again: what it lacks may still come. */
  readonly isRetried: boolean;
}

/** The same list, with the times of those that were missing for the same reason before. */
export function withTimes(missing: readonly Missing[], before: readonly Missing[]): Missing[] {
  return missing.map((one) => {
    const known = before.find(({ kind, section }) => kind === one.kind && section === one.section);
    return known?.isRetried === one.isRetried ? { ...one, since: known.since } : one;
  });
}
