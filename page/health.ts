/** What the agent costs, in a few words. */

import type { Status } from "./api.ts";

/** Between two looks, since the kernel counts CPU time in hundredths of a second. */
const LOOK_MS = 10_000;

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
