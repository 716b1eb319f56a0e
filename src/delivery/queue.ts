/** Metrics that wait for their worker: first in, first out, in a bounded part of the memory. */

import type { Metric } from "../core/metric.ts";

/** What a waiting metric costs: its object and its place. The series is there anyway. */
export const BYTES_PER_METRIC = 64;

export interface Queue {
  readonly size: number;
  readonly oldest: Metric | undefined;
  push(metrics: readonly Metric[]): void;
  /** Puts metrics back to the old end. */
  putBack(metrics: readonly Metric[]): void;
  /** Removes up to `most` from the old end. */
  take(most: number): Metric[];
  /** Drops from the old end until `most` are left. Returns how many went. */
  trim(most: number): number;
}

const COMPACT_FROM = 4096;

export function createQueue(): Queue {
  let items: Metric[] = [];
  let head = 0;

  function compact(): void {
    if (head === items.length) {
      items = [];
      head = 0;
    } else if (head >= COMPACT_FROM && head * 2 >= items.length) {
      items = items.slice(head);
      head = 0;
    }
  }

  return {
    get size() {
      return items.length - head;
    },
    get oldest() {
      return items[head];
    },
    push(metrics) {
      for (const metric of metrics) items.push(metric);
    },
    putBack(metrics) {
      items = [...metrics, ...items.slice(head)];
      head = 0;
    },
    take(most) {
      if (head === 0 && items.length <= most) {
        const all = items;
        items = [];
        return all;
      }
      const taken = items.slice(head, head + most);
      head += taken.length;
      compact();
      return taken;
    },
    trim(most) {
      const excess = Math.max(0, items.length - head - most);
      head += excess;
      compact();
      return excess;
    },
  };
}
