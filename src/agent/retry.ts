/** Tries something again and again, with growing pauses, until it says that it is done. */

import type { Clock } from "../ports/clock.ts";

export interface Retry {
  /** Begins with the shortest pause, unless it is at work. */
  start(): void;
  stop(): void;
}

const INITIAL_PAUSE_MS = 1000;
/** A host whose name comes late is not silent for much longer than that. */
const MAX_PAUSE_MS = 10_000;

/** `attempt` returns whether it is to be made again. It must not reject. */
export function createRetry(clock: Clock, attempt: () => Promise<boolean>): Retry {
  let cancel: (() => void) | undefined;

  function later(ms: number): void {
    const mine = clock.after(ms, () => {
      void attempt().then((again) => {
        if (cancel !== mine) return;
        if (again) later(Math.min(2 * ms, MAX_PAUSE_MS));
        else cancel = undefined;
      });
    });
    cancel = mine;
  }

  return {
    start() {
      if (cancel === undefined) later(INITIAL_PAUSE_MS);
    },
    stop() {
      cancel?.();
      cancel = undefined;
    },
  };
}
