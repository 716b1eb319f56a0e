/** From a collector's run to every handler: each gets all metrics and a mark at the end of the run. */

import type { Metric } from "../core/metric.ts";
import type { Outlet } from "./spread.ts";
import type { Worker } from "./worker.ts";

export interface Pipeline {
  deliver(metrics: readonly Metric[]): void;
  /** Ends a tick: every worker writes what it has. */
  flush(): void;
  readonly workers: readonly Worker[];
}

/** `offered` is called with all metrics that the handlers get; `outlets` are what leads to the workers. */
export function createPipeline(
  workers: readonly Worker[],
  offered: (metrics: readonly Metric[]) => void = () => {},
  outlets: readonly Outlet[] = workers,
): Pipeline {
  return {
    workers,
    deliver(metrics) {
      if (metrics.length === 0) return;
      for (const outlet of outlets) outlet.offer(metrics);
      offered(metrics);
    },
    flush() {
      // Before any backend has seen the tick, it is where a kill cannot reach it.
      for (const worker of workers) worker.persist();
      for (const worker of workers) worker.flush();
    },
  };
}
