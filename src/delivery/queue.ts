/** Metrics that wait for their worker: first in, first out, in a bounded part of the memory. */

import type { Metric } from "../core/metric.ts";

/** What a waiting metric costs: its object and its place. The series is there anyway. */
export const BYTES_PER_METRIC = 64;

interface Queue {
  readonly size: number;
  readonly oldest: Metric | undefined;
  push(metrics: readonly Metric[]): void;
  /** Puts metrics back to the old end. */
  requeue(metrics: readonly Metric[]): void;
  /** Removes up to `most` from the old end. */
  take(most: number): Metric[];
  /** Drops from the old end until `most` are left. Returns how many went. */
  trim(most: number): number;
}

const COMPACT_FROM = 4096;
/** Of one tick, hardly of a backlog. */
const MAX_ROOM = 4096;

export function createQueue(): Queue {
  /** With room for as many as were taken the last time: they mostly come as many again, and none is moved. */
  let items: Metric[] = [];
  let head = 0;
  let end = 0;

  function replace(metrics: Metric[]): void {
    items = metrics;
    head = 0;
    end = metrics.length;
  }

  function clear(room: number): void {
    replace(new Array(Math.min(room, MAX_ROOM)));
    end = 0;
  }

  function compact(): void {
    if (head === end) clear(0);
    else if (head >= COMPACT_FROM && head * 2 >= end) replace(items.slice(head, end));
  }

  return {
    get size() {
      return end - head;
    },
    get oldest() {
      return head < end ? items[head] : undefined;
    },
    push(metrics) {
      const into = items;
      let at = end;
      for (const metric of metrics) into[at++] = metric;
      end = at;
    },
    requeue(metrics) {
      replace([...metrics, ...items.slice(head, end)]);
    },
    take(most) {
      if (head === 0 && end <= most) {
        const all = items;
        all.length = end;
        clear(end);
        return all;
      }
      const taken = items.slice(head, Math.min(head + most, end));
      head += taken.length;
      compact();
      return taken;
    },
    trim(most) {
      const excess = Math.max(0, end - head - most);
      head += excess;
      compact();
      return excess;
    },
  };
}
