/** A spool that lies in another process: what both sides say. Batches go as columns with the series that they name. */

import type { Metric, Series } from "../../core/metric.ts";
import type { Spool } from "../../ports/spool.ts";
import { decodeBatch, decodeSeries, encodeBatch, encodeSeries } from "../../formats/spool_batch.ts";

interface WireBatch {
  readonly series: readonly string[];
  readonly columns: string;
}

/** With each answer, so that no question is needed. */
export interface SpoolState {
  readonly points: number;
  readonly bytes: number;
  readonly oldest?: number;
  /** Since the last answer. */
  readonly damaged: number;
  readonly warnings: readonly string[];
}

export interface SpoolAnswer {
  readonly result?: unknown;
  readonly state: SpoolState;
}

export interface WireSpooled {
  readonly ids: readonly number[];
  readonly batch: WireBatch;
}

export function encodeMetrics(metrics: readonly Metric[]): WireBatch {
  const numbers = new Map<Series, number>();
  const series: string[] = [];
  const columns = encodeBatch(metrics, (one) => {
    let number = numbers.get(one);
    if (number === undefined) numbers.set(one, number = series.push(encodeSeries(one)) - 1);
    return number;
  });
  return { series, columns };
}

export function decodeMetrics({ series, columns }: WireBatch): Metric[] {
  const decoded = series.map(decodeSeries);
  return decodeBatch(columns, (number) => decoded[number]);
}

type Calls = Readonly<Record<string, (...args: never[]) => SpoolAnswer>>;

/** In the other process: what can be asked of a spool. `warnings` is where the spool's own go. */
export function spoolForOthers(
  spool: Spool,
  warnings: string[],
  keep: (calls: Calls) => number,
): SpoolAnswer {
  function answer(result?: unknown, isOpen = true): SpoolAnswer {
    const { points = 0, bytes = 0, oldest } = isOpen ? spool : {};
    const damaged = isOpen ? spool.takeDamaged() : 0;
    return { result, state: { points, bytes, oldest, damaged, warnings: warnings.splice(0) } };
  }
  return answer(keep({
    store: (batch: WireBatch) => answer(spool.store(decodeMetrics(batch))),
    read(most: number) {
      const found = spool.read(most);
      return answer(found && { ids: found.ids, batch: encodeMetrics(found.metrics) });
    },
    skip: (ids: number[]) => answer(spool.skip(ids)),
    requeue: (ids: number[]) => answer(spool.requeue(ids)),
    ack: (ids: number[]) => answer(spool.ack(ids)),
    trim: () => answer(spool.trim()),
    drop: () => answer(spool.drop()),
    close: () => answer(spool.close(), false),
  }));
}
