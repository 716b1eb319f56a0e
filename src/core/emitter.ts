/**
 * From values to metrics: is the name allowed, which series is it, what is its rate. Above `emit`
 * there are values, below it metrics. One emitter serves one collector instance and holds its rates.
 */

import type { EmitOptions } from "./collector.ts";
import { Deltas } from "./deltas.ts";
import { extrasOf, isSame, isTimestamp, type Rest } from "./emit_check.ts";
import { type Emitted, emittedOf } from "./emitted.ts";
import type { Emitter, EmitterSettings, Run, SavedSamples } from "./emitter_types.ts";
import type { Metric } from "./metric.ts";
import { partNames } from "./naming.ts";
import { growth } from "./rates.ts";
import { RunNotes } from "./run_notes.ts";
import { NEVER, type Slot, Slots } from "./slots.ts";

export type { Emitter, EmitterSettings, Run, SavedSamples } from "./emitter_types.ts";

/** Series that were not seen for this many runs are forgotten: devices come and go. */
const FORGET_AFTER_RUNS = 64;
/** Parts that `#emitFew` has room for. */
const FEW_PARTS = 3;

export function createEmitter(settings: EmitterSettings): Emitter {
  return new CollectorEmitter(settings);
}

class CollectorEmitter implements Emitter {
  readonly emit: Emitter["emit"];
  readonly #settings: EmitterSettings;
  readonly #notes = new RunNotes();
  readonly #slots: Slots;
  readonly #deltas: Deltas;
  /**
   * The slots of the run before, in its order, which is mostly the next one's: no key has to be made. Behind
   * them stand those of earlier runs, for what is not in each one.
   */
  readonly #order: Slot[] = [];
  #position = 0;
  #metrics: Metric[] = [];
  /** How many of them there are: with room for as many as in the run before, none is moved as they come. */
  #count = 0;
  #timestamp = 0;
  #now = 0;
  #previousRun: number | undefined;
  #run = 0;

  constructor(settings: EmitterSettings) {
    this.#settings = settings;
    this.#slots = new Slots(settings, this.#notes);
    this.#deltas = new Deltas(settings, this.#notes);
    const hasFew = Object.keys(settings.metrics)
      .every((name) => partNames(name).length <= FEW_PARTS);
    this.emit = hasFew
      ? (pattern, value, a?: Rest, b?: Rest, c?: Rest, d?: Rest) =>
        this.#emitFew(pattern, value, a, b, c, d)
      : (pattern, value, ...rest: Rest[]) => this.#emitMany(pattern, value, rest);
    const { saved, rates } = settings;
    if (saved !== undefined && rates === "measured") this.#restore(saved);
  }

  get elapsed(): number {
    const seconds = this.#previousRun === undefined ? 0 : (this.#now - this.#previousRun) / 1000;
    return seconds > 0 ? seconds : this.#settings.interval;
  }

  begin(seconds: number, monotonic: number): void {
    this.#timestamp = seconds;
    this.#now = monotonic;
    this.#metrics = new Array(this.#count);
    this.#count = 0;
    this.#notes.begin();
    this.#position = 0;
    this.#run++;
  }

  readonly delta: Emitter["delta"] = (key, value, max = 0) =>
    this.#deltas.grow(key, value, max, { run: this.#run, now: this.#now });

  end(): Run {
    this.#previousRun = this.#now;
    if (this.#run === FORGET_AFTER_RUNS) this.#slots.dropSaved();
    if (this.#run % FORGET_AFTER_RUNS === 0) this.#forget();
    const metrics = this.#metrics;
    metrics.length = this.#count;
    // What a run emits that was given up goes nowhere.
    this.#metrics = [];
    const { refused, leftOut, reason, mended, doubled } = this.#notes;
    return { metrics, refused, leftOut, reason, mended, doubled };
  }

  save(offset: number): SavedSamples {
    const at = this.#previousRun;
    return {
      series: this.#slots.save(offset),
      deltas: this.#deltas.save(offset),
      at: at === undefined ? null : Math.round(at + offset),
    };
  }

  emitted(): Iterable<Emitted> {
    return emittedOf(this.#slots.values(), this.#run);
  }

  #restore({ samples, offset }: NonNullable<EmitterSettings["saved"]>): void {
    this.#slots.restore(samples.series, offset);
    this.#deltas.restore(samples.deltas, offset);
    if (samples.at !== null) this.#previousRun = samples.at - offset;
  }

  #forget(): void {
    // What stands behind may be forgotten now.
    this.#order.length = this.#position;
    const before = this.#run - FORGET_AFTER_RUNS;
    this.#slots.forgetUnseen(before);
    this.#deltas.forgetUnseen(before);
  }

  /**
   * Takes up to three parts and extras by name: an array of them at each call would be half of a tick's
   * garbage. Mostly all of them are the very ones of the run before.
   */
  #emitFew(
    pattern: string,
    value: number | bigint,
    a: Rest,
    b: Rest,
    c: Rest,
    d: Rest,
  ): number | undefined {
    const slot = this.#order[this.#position];
    if (
      slot === undefined || slot.pattern !== pattern || slot.a !== a || slot.b !== b ||
      slot.c !== c || slot.d !== d
    ) {
      return this.#emitOther(pattern, value, a, b, c, d);
    }
    this.#position++;
    return this.#publish(slot, value, slot.extras);
  }

  /** What is not the very same is another series, or the same with other extras. */
  #emitOther(
    pattern: string,
    value: number | bigint,
    a: Rest,
    b: Rest,
    c: Rest,
    d: Rest,
  ): number | undefined {
    const extras = extrasOf(d) ?? extrasOf(c) ?? extrasOf(b) ?? extrasOf(a);
    let slot: Slot | undefined = this.#order[this.#position];
    if (
      slot === undefined || slot.pattern !== pattern || !isSame(slot.a, a) || !isSame(slot.b, b) ||
      !isSame(slot.c, c) || !isSame(slot.d, d)
    ) {
      slot = this.#slots.find(pattern, [a, b, c, d], extras, this.#run);
      if (slot === undefined) return undefined;
      this.#order[this.#position] = slot;
    }
    this.#position++;
    return this.#publish(slot, value, extras);
  }

  #emitMany(
    pattern: string,
    value: number | bigint,
    rest: readonly Rest[],
  ): number | undefined {
    const extras = extrasOf(rest.at(-1));
    const slot = this.#slots.find(pattern, rest, extras, this.#run);
    return slot === undefined ? undefined : this.#publish(slot, value, extras);
  }

  #publish(
    slot: Slot,
    value: number | bigint,
    extras: EmitOptions | undefined,
  ): number | undefined {
    const { form } = slot.spec;
    const { path } = slot.series;
    const isRate = form !== "gauge" && extras?.raw === undefined;
    const isAgain = slot.seen === this.#run;
    slot.seen = this.#run;
    if (slot.twins !== undefined) { for (const twin of slot.twins) twin.seen = this.#run; }
    // Two rows of one name do not share a rate: the first one has it.
    if (isAgain && isRate) return this.#notes.double(path);
    if (typeof value !== "bigint" && !Number.isFinite(value)) {
      return this.#notes.refuse(`${path} is ${value}: no number to publish`);
    }
    if (extras?.restart === true) slot.at = NEVER;
    let published = isRate ? this.#rateOf(slot, value) : numberOf(value);
    if (published === undefined) return undefined;
    if (extras?.scale !== undefined) published *= extras.scale;
    if (!Number.isFinite(published)) {
      return this.#notes.refuse(`${path} is too large a number to publish`);
    }
    if (slot.spec.whole) published = Math.trunc(published);
    if (slot.allowed) {
      const time = extras?.timestamp ?? this.#timestamp;
      if (time !== this.#timestamp && !isTimestamp(time)) {
        return this.#notes.refuse(`${path} has the time ${time}, which is not a time`);
      }
      const isInPlace = isAgain && !this.#settings.free && extras?.timestamp === undefined;
      const place = isInPlace ? this.#placeOf(path, time) : this.#count++;
      slot.published = published;
      slot.publishedAt = time;
      this.#metrics[place] = form === "counter"
        ? { series: slot.series, value: published, timestamp: time, raw: extras?.raw ?? value }
        : { series: slot.series, value: published, timestamp: time };
    }
    return published;
  }

  /** Where the last value of a path and a time goes: in place of the one before. */
  #placeOf(path: string, time: number): number {
    for (let at = this.#count - 1; at >= 0; at--) {
      const { timestamp, series } = this.#metrics[at];
      if (timestamp === time && series.path === path) {
        this.#notes.double(path);
        return at;
      }
    }
    return this.#count++;
  }

  #rateOf(slot: Slot, value: number | bigint): number | undefined {
    const { rates, interval } = this.#settings;
    const { value: before, at } = slot;
    slot.before = before;
    slot.beforeAt = at;
    slot.value = value;
    slot.at = this.#now;
    if (at === NEVER) return rates === "diamond" ? 0 : undefined;
    const grown = growth(before, value, slot.spec.max, rates);
    if (grown === undefined) return undefined;
    const seconds = rates === "diamond" ? interval : (this.#now - at) / 1000;
    return seconds > 0 ? grown / seconds : undefined;
  }
}

/** A number as it is: `Number(value)` would take longer than all the rest of a call. */
function numberOf(value: number | bigint): number {
  return typeof value === "number" ? value : Number(value);
}
