/**
 * Batches of which the backend has refused everything. They wait: only when it takes others meanwhile, and
 * refuses them again and again, are their points at fault.
 */

import type { PartsSettings } from "./poison.ts";
import type { Batch } from "./sent.ts";

/** Refusals that one try may meet, to find out whether some of a batch are taken. */
export const SEARCH_TRIES = 48;
/** One try in so many searches, while everything is refused; the others ask once. */
const SEARCH_EVERY = 4;
/** Where a backend takes its points in order only, the next batch is tried after so many refusals of the first. */
const ASIDE_FROM = 3;
/** A batch's tries, others being taken between one and the next, until its points are at fault. */
const CONDEMNED_FROM = 3;
const MAX_WAITING = 1000;

/** A batch by its first row in the spool, or its first point in memory. */
type Key = number | object;

export class Refusals {
  readonly #waiting = new Map<Key, { tries: number; takenBefore: number }>();
  /** Batches of which something was taken. */
  #taken = 0;
  #inRow = 0;

  /** Rows of the spool are tried one by one: what is refused must not hide behind what is not. */
  get isRefusing(): boolean {
    return this.#waiting.size > 0;
  }

  /** Whether it is time to see if the backend takes the batch behind the first one. */
  get wantsOther(): boolean {
    return this.#inRow >= ASIDE_FROM;
  }

  /** How far a try of this batch goes, and whether it is its last; `usual`: of one that nothing is known of. */
  limits(batch: Batch, usual: PartsSettings): PartsSettings {
    if (this.#inRow === 0 && this.#waiting.size === 0) return usual;
    const known = this.#waiting.get(keyOf(batch));
    const condemned = known !== undefined && this.#taken > known.takenBefore &&
      known.tries + 1 >= CONDEMNED_FROM;
    const searches = condemned || this.#inRow % SEARCH_EVERY === 0;
    return { ...usual, tries: searches ? SEARCH_TRIES : 1, condemned };
  }

  /** Nothing of a batch waits any more; `isTaken`: some of it was taken. */
  done(batch: Batch, isTaken: boolean): void {
    if (isTaken) {
      this.#taken++;
      this.#inRow = 0;
    }
    if (this.#waiting.size > 0) this.#waiting.delete(keyOf(batch));
  }

  /** All of it was refused; `key`: as it will be known when it is tried again. */
  refused(key: Key): void {
    this.#inRow++;
    if (this.#waiting.size >= MAX_WAITING) this.#waiting.clear();
    const known = this.#waiting.get(key);
    if (known === undefined) this.#waiting.set(key, { tries: 1, takenBefore: this.#taken });
    else if (this.#taken > known.takenBefore) {
      known.tries++;
      known.takenBefore = this.#taken;
    }
  }
}

function keyOf({ ids, metrics }: Pick<Batch, "ids" | "metrics">): Key {
  return ids.length > 0 ? ids[0] : metrics[0];
}
