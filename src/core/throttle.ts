/**
 * Errors are states, not events: the first is told in full, then one line per period says how many
 * came since, and the end is told once. One per source, so that nobody drowns anybody.
 */

import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";

export interface Trouble {
  /** One more error. `what` says what failed: "MemoryCollector". */
  report(what: string, error: unknown): void;
  /** It works again. Told only where the trouble was. */
  clear(what: string, note?: string): void;
}

export function createTrouble(log: Log, now: () => number, periodSeconds: number): Trouble {
  let lastTold = -Infinity;
  let untold = 0;
  let failingSince: number | undefined;
  let told = false;

  function report(what: string, error: unknown): void {
    const time = now();
    failingSince ??= time;
    if (time - lastTold < periodSeconds * 1000) {
      untold++;
      log.debug(`${what}: ${messageOf(error)}`);
      return;
    }
    const since = untold === 0
      ? ""
      : ` (and ${untold} more in the last ${Math.round((time - lastTold) / 1000)} s)`;
    log.error(`${what}: ${messageOf(error)}${since}`, told ? undefined : error);
    lastTold = time;
    untold = 0;
    told = true;
  }

  function clear(what: string, note = ""): void {
    if (failingSince === undefined) return;
    const line = `${what} works again after ${Math.round((now() - failingSince) / 1000)} s${
      note === "" ? "" : `, ${note}`
    }`;
    if (told) log.info(line);
    else log.debug(line);
    failingSince = undefined;
    told = false;
  }

  return { report, clear };
}
