/** Paths that a process was asked for and did not answer: they are left alone for a while, longer each time. */

import type { ChildProcess } from "node:child_process";
import { timedOut } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";

/** Seconds until a file system that hung is asked again; doubling. */
const INITIAL_RETRY = 10;
const MAX_RETRY = 300;
/** Processes that hang and cannot be killed. */
const MAX_STUCK = 4;
/** A process that ends by a signal does it in this time. */
const KILL_MS = 1000;

interface Stuck {
  /** The process that hangs there is still to end. */
  isHeld: boolean;
  readonly failures: number;
  /** By the monotonic clock. */
  retryAt: number;
}

export class StuckPaths {
  readonly #clock: Clock;
  readonly #stuck = new Map<string, Stuck>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Why a path is not asked now; undefined where it is. */
  refusal(path: string): Error | undefined {
    const known = this.#stuck.get(path);
    if (known?.isHeld) return timedOut(`${path} has not answered since it was asked last`);
    if (known !== undefined && this.#clock.monotonic() < known.retryAt) {
      return timedOut(`${path} did not answer and is left alone for a while`);
    }
    const holding = [...this.#stuck].filter(([, { isHeld }]) => isHeld).map(([other]) => other);
    return holding.length >= MAX_STUCK
      ? timedOut(`${path} is not asked while ${holding.join(", ")} do not answer`)
      : undefined;
  }

  answered(path: string): void {
    this.#stuck.delete(path);
  }

  /** Call it before the process is killed. */
  hangs(path: string, process: ChildProcess): void {
    const failures = (this.#stuck.get(path)?.failures ?? 0) + 1;
    const wait = 1000 * Math.min(INITIAL_RETRY * 2 ** (failures - 1), MAX_RETRY);
    const since = this.#clock.monotonic();
    const stuck: Stuck = { isHeld: true, failures, retryAt: since + wait };
    this.#stuck.set(path, stuck);
    process.once("exit", () => {
      stuck.isHeld = false;
      // One that could not be killed is gone because its file system answers again.
      if (this.#clock.monotonic() - since > KILL_MS) stuck.retryAt = 0;
    });
  }
}
