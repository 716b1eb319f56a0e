/**
 * Series that have one path: two names may become the same when they are cleaned, and one name may come with two
 * precisions. Each knows the others, so that a path is published once in a run.
 */

export interface Twin {
  readonly series: { readonly path: string };
  /** Others of the same path, this one included; undefined where there are none. */
  twins: Twin[] | undefined;
  /** The last run that it came up in. */
  seen: number;
}

/** Paths without a series that are put up with. */
const MANY_GONE = 1000;

export class Twins {
  /** The last one that was made of each path. */
  readonly #byPath = new Map<string, Twin>();

  /** A new one; `all` has it already. */
  join(slot: Twin, all: ReadonlyMap<string, Twin>): void {
    // A limit of series has made room: what is gone must not stay here.
    if (this.#byPath.size > 2 * all.size + MANY_GONE) this.joinAll(all);
    else this.#join(slot);
  }

  /** After some have gone. */
  joinAll(all: ReadonlyMap<string, Twin>): void {
    this.#byPath.clear();
    for (const slot of all.values()) slot.twins = undefined;
    for (const slot of all.values()) this.#join(slot);
  }

  #join(slot: Twin): void {
    const { path } = slot.series;
    const twin = this.#byPath.get(path);
    this.#byPath.set(path, slot);
    if (twin === undefined) return;
    const twins = twin.twins ??= [twin];
    twins.push(slot);
    slot.twins = twins;
    slot.seen = twin.seen;
  }
}
