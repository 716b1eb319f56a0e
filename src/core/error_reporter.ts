/**
 * Logs errors as states, not as events. The first error is logged in full, then one line per period with the
 * number of further errors, and the recovery once. Each source has its own reporter, so a noisy one does not drown
 * out the others.
 */

import { codeOf, type FailureCode, messageOf } from "./errors.ts";
import type { Log } from "../ports/log.ts";

/** An error that lasts. Times are milliseconds since the epoch. */
export interface ErrorState {
  readonly message: string;
  readonly code: FailureCode | undefined;
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

export interface ErrorReporter {
  /** Undefined while it works. */
  readonly state: ErrorState | undefined;
  /** One more error. `what` says what failed: "MemoryCollector". */
  report(what: string, error: unknown): void;
  /** Marks the source as working again. The recovery is logged only if the error was. */
  clear(what: string, note?: string): void;
}

export function createErrorReporter(
  log: Log,
  now: () => number,
  periodSeconds: number,
): ErrorReporter {
  let lastTold = -Infinity;
  let untold = 0;
  let state: ErrorState | undefined;
  let told = false;

  function report(what: string, error: unknown): void {
    const time = now();
    state = {
      message: messageOf(error),
      code: codeOf(error),
      first: state?.first ?? time,
      last: time,
      count: (state?.count ?? 0) + 1,
    };
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
    if (state === undefined) return;
    const line = `${what} works again after ${Math.round((now() - state.first) / 1000)} s${
      note === "" ? "" : `, ${note}`
    }`;
    if (told) log.info(line);
    else log.debug(line);
    state = undefined;
    told = false;
  }

  return {
    get state() {
      return state;
    },
    report,
    clear,
  };
}
