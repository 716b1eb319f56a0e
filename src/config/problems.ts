/** What is wrong with a configuration, in a form that people can act on. */

import { editDistance } from "../core/edit_distance.ts";
import { visible } from "../core/visible.ts";
import type { Origin } from "./tree.ts";

export interface Problem {
  readonly severity: "error" | "warning";
  /** Whether nothing can run because of it; if not, what is valid runs without the part. */
  readonly fatal: boolean;
  /** Nothing is missing without it: an error for `check` and for a reload, a warning at the start. */
  readonly harmless?: boolean;
  /** Who may touch a file, not what it says. */
  readonly ofAccess?: boolean;
  /** The section of a collector or handler that is not there. */
  readonly lacks?: string;
  readonly file: string;
  /** 0: the file as a whole. */
  readonly line: number;
  readonly message: string;
}

/** An error without whose cure nothing can run, or nothing may. */
export function fatal(origin: Origin, message: string): Problem {
  return { ...fault(origin, message), fatal: true };
}

export function warning(origin: Origin, message: string): Problem {
  return { ...fault(origin, message), severity: "warning" };
}

/** An error that costs its own part: a collector, say. */
export function fault(origin: Origin, message: string): Problem {
  return { severity: "error", fatal: false, ...origin, message };
}

/** An error for `check`; the start reports it and goes on as if it were not there. */
export function notice(origin: Origin, message: string): Problem {
  return { ...fault(origin, message), harmless: true };
}

/** `file:line: error: message` */
export function formatProblem(problem: Problem): string {
  return located(problem, `${problem.severity}: ${problem.message}`);
}

/** `file:line: message`, for a log that shows the severity itself. */
export function located({ file, line }: Origin, message: string): string {
  // What was found in a file may be anything: a terminal must not act on it.
  return visible(`${file}${line > 0 ? `:${line}` : ""}: ${message}`);
}

/** The word that was probably meant: at most two letters off, or three in a long word. */
function nearest(word: string, candidates: Iterable<string>): string | undefined {
  // Names that end alike must not be near for that alone.
  const endsAlike = stem(word) !== word.toLowerCase();
  let best: string | undefined;
  let bestDistance = (endsAlike ? stem(word) : word).length > 8 ? 4 : 3;
  for (const candidate of candidates) {
    const distance = endsAlike
      ? editDistance(stem(word), stem(candidate))
      : editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance && distance < stem(word).length) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

function stem(word: string): string {
  return word.toLowerCase().replace(/(collector|handler)$/, "");
}

/** `, did you mean "x"?` or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : `, did you mean "${found}"?`;
}
