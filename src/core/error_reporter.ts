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
  let lastLogged = -Infinity;
  let unlogged = 0;
  let state: ErrorState | undefined;
  let isLogged = false;

  function report(what: string, error: unknown): void {
    const time = now();
    state = {
      message: messageOf(error),
      code: codeOf(error),
      first: state?.first ?? time,
      last: time,
      count: (state?.count ?? 0) + 1,
    };
    if (time - lastLogged < periodSeconds * 1000) {
      unlogged++;
      log.debug(`${what}: ${messageOf(error)}`);
      return;
    }
    const since = unlogged === 0
      ? ""
      : ` (and ${unlogged} more in the last ${Math.round((time - lastLogged) / 1000)} s)`;
    log.error(`${what}: ${messageOf(error)}${since}`, isLogged ? undefined : error);
    lastLogged = time;
    unlogged = 0;
    isLogged = true;
  }

  function clear(what: string, note = ""): void {
    if (state === undefined) return;
    const line = `${what} works again after ${Math.round((now() - state.first) / 1000)} s${
      note === "" ? "" : `, ${note}`
    }`;
    if (isLogged) log.info(line);
    else log.debug(line);
    state = undefined;
    isLogged = false;
  }

  return {
    get state() {
      return state;
    },
    report,
    clear,
  };
}
