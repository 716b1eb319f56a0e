/**
 * Work that takes long, one piece after the other, each with a pause as long as the one before took: whatever is asked,
 * half of the time stays for what the agent is there for.
 */

import { configError } from "../core/errors.ts";
import type { Clock } from "../ports/clock.ts";

/** More have to wait too long. */
const MAX_WAITING = 32;
/** What is shorter needs no pause. */
const SHORT_MS = 5;

export function createTurns(clock: Clock): <T>(work: () => T | Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  let freeAt = 0;

  return (work) => {
    if (waiting >= MAX_WAITING) {
      return Promise.reject(configError("too many requests wait: try again later"));
    }
    waiting++;
    const mine = last.then(async () => {
      try {
        const pause = freeAt - clock.monotonic();
        if (pause > 0) await clock.sleep(pause);
        const started = clock.monotonic();
        const result = await work();
        const ended = clock.monotonic();
        if (ended - started >= SHORT_MS) freeAt = ended + (ended - started);
        return result;
      } finally {
        waiting--;
      }
    });
    last = mine.catch(() => {});
    return mine;
  };
}
