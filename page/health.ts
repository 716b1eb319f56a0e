/** What the status says in a few words: the cost of the agent, and its problems with their advice. */

import type { CollectorStatus, HandlerStatus, Status } from "./api.ts";

/** Between two looks, since the kernel counts CPU time in hundredths of a second. */
const LOOK_MS = 10_000;

export interface Problem {
  /** The collector or handler to blame; undefined where it is the agent. */
  readonly about?: string;
  readonly title: string;
  readonly message?: string;
  readonly advice?: string;
  /** Milliseconds since the epoch. */
  readonly since?: number;
}

/** `0.3 % of one CPU`: since the start, then over the time between two looks. */
export function createCost(): (status: Status) => string {
  let before: Status | undefined;
  let percent = 0;
  return (status) => {
    const { pid, now, cpu, started } = status;
    if (before === undefined || before.pid !== pid) {
      percent = 100 * cpu / Math.max(1, now - started);
      before = status;
    } else if (now - before.now >= LOOK_MS) {
      percent = 100 * (cpu - before.cpu) / (now - before.now);
      before = status;
    }
    return `${percent.toFixed(percent < 0.995 ? 2 : 1)} % of one CPU`;
  };
}

/** One for each line of `degraded`, with the error that stands behind it. */
export function problemsOf({ degraded, handlers, collectors }: Status): Problem[] {
  return degraded.map((title) => {
    const owner = ownerOf(title, [...handlers, ...collectors]);
    const error = owner?.error ?? (owner as HandlerStatus | undefined)?.spoolError;
    return {
      title,
      about: owner?.name,
      message: error?.message ?? (owner as CollectorStatus | undefined)?.absent,
      advice: error?.advice,
      since: error?.first,
    };
  });
}

/** The one whose name the line begins with. */
function ownerOf<T extends { readonly name: string }>(
  title: string,
  all: readonly T[],
): T | undefined {
  return all.find(({ name }) => title.startsWith(name) && !/[\w.]/.test(title.charAt(name.length)));
}
