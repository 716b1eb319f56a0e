/**
 * What the lines of a series begin with, made once. All of them lie in one piece, in the order in which
 * they came first, which is the order of nearly every tick: so the next one is known without looking it
 * up, and memory that is read one after the other comes back the fastest when a second has passed.
 */

import { enlarged } from "../core/enlarged.ts";
import type { Series } from "../core/metric.ts";

export interface LineHeads {
  /** All heads, one after the other. */
  readonly bytes: DataView;
  /** A batch of so many follows. */
  begin(count: number): void;
  /** The number of a series' head, which is made where there is none yet. */
  find(series: Series): number;
  start(place: number): number;
  end(place: number): number;
}

const INITIAL_HEADS = 512;
const INITIAL_BYTES = 16 * 1024;
/** Heads that no line of a batch has used. With more of them all are made anew: most of their series have ended. */
const MAX_UNUSED = 8192;

const encoder = new TextEncoder();

export function createLineHeads(headOf: (series: Series) => string): LineHeads {
  const places = new Map<Series, number>();
  const known: Series[] = [];
  /** Where each head ends. */
  let ends = new Int32Array(INITIAL_HEADS);
  let store = new Uint8Array(INITIAL_BYTES);
  let bytes = new DataView(store.buffer);
  /** After the head that was used last comes this one, mostly. */
  let next = 0;

  function add(series: Series): number {
    const place = known.length;
    const head = encoder.encode(headOf(series));
    const at = start(place);
    if (at + head.length > store.length) {
      store = enlarged(new Uint8Array(2 * store.length + head.length), store);
      bytes = new DataView(store.buffer);
    }
    if (place === ends.length) ends = enlarged(new Int32Array(2 * place), ends);
    store.set(head, at);
    ends[place] = at + head.length;
    known.push(series);
    places.set(series, place);
    return place;
  }

  const start = (place: number) => place === 0 ? 0 : ends[place - 1];

  return {
    get bytes() {
      return bytes;
    },
    begin(count) {
      if (known.length > count + MAX_UNUSED) {
        places.clear();
        known.length = 0;
      }
      // A batch mostly begins where the one before began.
      next = 0;
    },
    find(series) {
      const place = known[next] === series ? next : places.get(series) ?? add(series);
      next = place + 1;
      return place;
    },
    start,
    end: (place) => ends[place],
  };
}
