/** Time that passes when a test says so. */

import type { Clock } from "../../src/ports/clock.ts";

export interface FakeClock extends Clock {
  /** Lets time pass; sleepers wake in their order, each with what it does next done before the next one. */
  advance(ms: number): Promise<void>;
  /** Lets everything that is ready run. */
  runDue(): Promise<void>;
  readonly sleepers: number;
}

interface Sleeper {
  at: number;
  wake(): void;
}

export function createFakeClock(start = 1_700_000_000_000): FakeClock {
  let time = start;
  let sleepers: Sleeper[] = [];

  async function runDue(): Promise<void> {
    // Real work (a socket, a file) may hide behind a promise: give it some turns of the loop.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  }

  return {
    now: () => time,
    monotonic: () => time - start,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.resolve();
      return new Promise((resolve) => {
        const sleeper: Sleeper = {
          at: time + ms,
          wake() {
            sleepers = sleepers.filter((other) => other !== sleeper);
            signal?.removeEventListener("abort", sleeper.wake);
            resolve();
          },
        };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", sleeper.wake, { once: true });
      });
    },
    after(ms, act) {
      const sleeper: Sleeper = {
        at: time + ms,
        wake() {
          sleepers = sleepers.filter((other) => other !== sleeper);
          act();
        },
      };
      sleepers.push(sleeper);
      return () => void (sleepers = sleepers.filter((other) => other !== sleeper));
    },
    async advance(ms) {
      await runDue();
      const end = time + ms;
      for (;;) {
        const next = sleepers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        time = Math.max(time, next.at);
        next.wake();
        await runDue();
      }
      time = end;
    },
    runDue,
    get sleepers() {
      return sleepers.length;
    },
  };
}
