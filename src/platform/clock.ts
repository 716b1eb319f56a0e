/** Real time. */

import type { Clock } from "../core/host.ts";

/** Longer timers overflow in both runtimes. */
const MOST_MS = 2 ** 31 - 1;

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, Math.min(Math.max(ms, 0), MOST_MS));
      signal?.addEventListener("abort", end, { once: true });
    });
  },
  after(ms, act) {
    const timer = setTimeout(act, Math.min(Math.max(ms, 0), MOST_MS));
    return () => clearTimeout(timer);
  },
};
