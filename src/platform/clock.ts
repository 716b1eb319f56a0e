/** Real time. */

import { clearImmediate, setImmediate } from "node:timers";
import type { Clock } from "../ports/clock.ts";

/** Longer timers overflow in both runtimes. */
const MAX_MS = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const cancel = ms > 0 ? after(ms, end) : afterOthers(end);
      signal?.addEventListener("abort", end, { once: true });
    });
  },
  after,
};

function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, Math.min(Math.max(ms, 0), MAX_MS));
  return () => clearTimeout(timer);
}

/** When all that is due now has had its turn: a timer takes a millisecond at least. */
function afterOthers(act: () => void): () => void {
  const turn = setImmediate(act);
  return () => clearImmediate(turn);
}
