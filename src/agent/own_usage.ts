/** What the agent and its plugins' processes take of the machine. */

import type { PluginProcessFigures } from "../ports/plugins.ts";
import type { Host } from "../ports/host.ts";

/**
 * Minimum time between reads of our own RSS and CPU. The kernel has to add them up, so they are the most expensive
 * values of the agent's own metrics.
 */
const LOOK_MS = 4500;

export class OwnUsage {
  /** Resident bytes. */
  rss = 0;
  /** Of one CPU; undefined before the second reading. */
  cpuPercent: number | undefined;
  #lookedAt = -Infinity;
  #lastCpu = 0;

  look({ self, clock }: Host): void {
    const now = clock.monotonic();
    const passed = now - this.#lookedAt;
    if (passed < LOOK_MS) return;
    const cpu = self.cpu();
    if (passed < Infinity) this.cpuPercent = (cpu - this.#lastCpu) / passed / 10;
    this.#lastCpu = cpu;
    this.#lookedAt = now;
    this.rss = self.rss();
  }
}

export class PluginUsage {
  #lastCpu: number | undefined;

  /** Sums over all processes. `cpuPercent` is of one CPU over `elapsed` seconds; undefined at first. */
  sum(processes: readonly PluginProcessFigures[], elapsed: number) {
    let rss = 0;
    let cpu = 0;
    let restarts = 0;
    for (const process of processes) {
      rss += process.rss ?? 0;
      cpu += process.cpuSeconds;
      restarts += process.restarts;
    }
    const cpuPercent = this.#lastCpu === undefined
      ? undefined
      : (100 * (cpu - this.#lastCpu)) / elapsed;
    this.#lastCpu = cpu;
    return { rss, cpuPercent, restarts };
  }
}
