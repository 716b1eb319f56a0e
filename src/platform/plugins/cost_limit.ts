/** The limits of what a plugin process may take of memory and CPU time. */

import { megabytes } from "../../core/units.ts";
import { costOf } from "./process_cost.ts";

const CPU_WINDOW_MS = 60_000;

export interface CostLimits {
  /** Bytes. */
  readonly maxMemory: number;
  /** Percent of one CPU over a minute. */
  readonly maxCpu: number;
}

export class CostLimit {
  readonly #limits: CostLimits;
  #readings: { readonly at: number; readonly cpu: number }[] = [];

  constructor(limits: CostLimits) {
    this.#limits = limits;
  }

  /** Seconds of CPU time at the last reading. */
  get cpu(): number {
    return this.#readings.at(-1)?.cpu ?? 0;
  }

  /** For another process. */
  reset(): void {
    this.#readings = [];
  }

  /** Reads what the process costs. Returns how it went over a limit; undefined where it did not. */
  check(pid: number | undefined): string | undefined {
    const cost = costOf(pid);
    if (cost === undefined) return undefined;
    const { maxMemory, maxCpu } = this.#limits;
    const now = performance.now();
    const recent = this.#readings.filter(({ at }) => now - at < CPU_WINDOW_MS);
    this.#readings = [...recent, { at: now, cpu: cost.cpu }];
    if (cost.rss > maxMemory) {
      return `took ${megabytes(cost.rss)}, more than its ${megabytes(maxMemory)}, and was killed`;
    }
    const spent = cost.cpu - this.#readings[0].cpu;
    return 100_000 * spent > maxCpu * CPU_WINDOW_MS
      ? `took ${Math.round(spent)} s of CPU time within a minute, and was killed`
      : undefined;
  }
}
