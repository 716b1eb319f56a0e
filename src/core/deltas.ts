/** What grows without being published, by a key that the collector chooses. */

import type { SavedSample } from "./emitter_types.ts";
import { growth, type RateMode, type Sample } from "./rates.ts";
import type { RunNotes } from "./run_notes.ts";
import { samplesOf, savedOf } from "./saved_samples.ts";
import { forgetUnseen, type SeriesLimit } from "./series_limit.ts";

interface Settings {
  readonly rates: RateMode;
  readonly limit?: SeriesLimit;
}

interface When {
  readonly run: number;
  /** Monotonic milliseconds. */
  readonly now: number;
}

export class Deltas {
  readonly #settings: Settings;
  readonly #notes: RunNotes;
  readonly #samples = new Map<string, Sample & { seen: number }>();

  constructor(settings: Settings, notes: RunNotes) {
    this.#settings = settings;
    this.#notes = notes;
  }

  /** The growth since the last run; undefined where it is unknown. */
  grow(key: string, value: number | bigint, max: number, { run, now }: When): number | undefined {
    const { rates, limit } = this.#settings;
    const sample = this.#samples.get(key);
    if (sample === undefined) {
      const full = limit?.admitSample(key, this.#samples, run);
      if (full !== undefined) return this.#notes.leaveOut(full);
      this.#samples.set(key, { value, at: now, seen: run });
      return rates === "diamond" ? 0 : undefined;
    }
    if (sample.seen === run) return this.#notes.double(key);
    const before = sample.value;
    sample.value = value;
    sample.at = now;
    sample.seen = run;
    return growth(before, value, max, rates);
  }

  restore(saved: readonly SavedSample[], offset: number): void {
    for (const [key, sample] of samplesOf(saved, offset)) {
      this.#samples.set(key, { ...sample, seen: 0 });
    }
  }

  save(offset: number): SavedSample[] {
    return [...this.#samples].map(([key, sample]) => savedOf(key, sample, offset));
  }

  forgetUnseen(run: number): void {
    forgetUnseen(this.#samples, run);
  }
}
