/**
 * When counters were 0. A kernel's counter begins with its host at the earliest; of any other the beginning is
 * known once it was seen to start again.
 */

import type { Metric, Series } from "../core/metric.ts";

interface Last {
  readonly raw: number | bigint;
  readonly timestamp: number;
  /** Milliseconds since the epoch. */
  readonly start: number | undefined;
}

/** `booted`: milliseconds since the epoch, asked for once and when it is needed. */
export function counterStarts(booted: () => number): (metric: Metric) => number | undefined {
  const known = new WeakMap<Series, Last>();
  let boot: number | undefined;

  function startOf({ sinceBoot }: Series): number | undefined {
    if (sinceBoot === true) return boot ??= Math.round(booted());
    return undefined;
  }

  return ({ series, raw, timestamp }) => {
    if (raw === undefined) return undefined;
    let last = known.get(series);
    // One that is sent again is not a counter that went back.
    if (last === undefined || timestamp > last.timestamp) {
      const start = last !== undefined && raw < last.raw
        ? Math.round(last.timestamp * 1000)
        : last?.start ?? startOf(series);
      known.set(series, last = { raw, timestamp, start });
    }
    const { start } = last;
    return start !== undefined && start < timestamp * 1000 ? start : undefined;
  };
}
