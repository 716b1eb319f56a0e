/** What the configuration enables and the agent does not run: why, since when, and whether it is tried again. */

import { SELF_NAME } from "../core/collector.ts";
import { configErrors } from "../core/errors.ts";

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

/** Throws where there is nothing to do, now or later. */
export function refuseEmpty(
  collectors: Iterable<string>,
  handlers: number,
  missing: readonly Missing[],
): void {
  const isHopeless = missing.every(({ kind, isRetried }) => kind !== "collector" || !isRetried);
  const why = missing.map(({ section, reason }) => `${section}: ${reason}`);
  const isEmpty = [...collectors].every((section) => section === SELF_NAME);
  if (isEmpty && isHopeless) throw configErrors(["No collector can work here", ...why]);
  if (handlers === 0) throw configErrors(["No handler can work here", ...why]);
}
