/** The series of one collector, found by what a call of `emit` says and made when it is new. */

import type { EmitOptions, MetricSpec } from "./collector.ts";
import { faultOf, type Rest, specOf } from "./emit_check.ts";
import type { EmitterSettings, SavedSample } from "./emitter_types.ts";
import { cleanNaming, makeSeries } from "./make_series.ts";
import type { Series } from "./metric.ts";
import type { Naming } from "./naming.ts";
import { matchesAny } from "./option.ts";
import type { Sample } from "./rates.ts";
import type { RunNotes } from "./run_notes.ts";
import { samplesOf, savedOf } from "./saved_samples.ts";
import { forgetUnseen } from "./series_limit.ts";
import { type Twin, Twins } from "./twins.ts";

/** A series with the value of an earlier run, for its rate; `at` is NEVER where there is none. */
export interface Slot extends Sample, Twin {
  /** The sample before that one, for who asks where a rate came from. */
  before: number | bigint;
  beforeAt: number;
  readonly pattern: string;
  /** What was passed beside pattern and value, when it was made. */
  readonly a: Rest;
  readonly b: Rest;
  readonly c: Rest;
  readonly d: Rest;
  readonly extras: EmitOptions | undefined;
  readonly series: Series;
  readonly spec: MetricSpec;
  readonly allowed: boolean;
  /** What was published last, and its time in seconds: NEVER before that. */
  published: number;
  publishedAt: number;
}

export const NEVER = -Infinity;
/** Digits behind the point of a measured rate of events. */
const MIN_DIGITS = 2;
const FREE: MetricSpec = { form: "gauge", help: "", precision: 0, unit: "", max: 0, whole: false };

export class Slots {
  readonly #settings: EmitterSettings;
  readonly #notes: RunNotes;
  readonly #naming: Naming;
  readonly #byKey = new Map<string, Slot>();
  readonly #twins = new Twins();
  /** The specs that calls have changed, by what is declared. */
  readonly #variants = new Map<MetricSpec, readonly MetricSpec[]>();
  /** Samples of an earlier process. Each is used once, when its series comes up. */
  #saved = new Map<string, Sample>();

  constructor(settings: EmitterSettings, notes: RunNotes) {
    this.#settings = settings;
    this.#notes = notes;
    this.#naming = cleanNaming(settings.naming);
  }

  /** Undefined where there can be no such series, which is refused. */
  find(
    pattern: string,
    rest: readonly Rest[],
    extras: EmitOptions | undefined,
    run: number,
  ): Slot | undefined {
    const fault = faultOf(pattern, rest, extras);
    if (fault !== undefined) return this.#notes.refuse(fault);
    const key = keyOf(pattern, rest, extras);
    return this.#byKey.get(key) ?? this.#add(key, pattern, rest, extras, run);
  }

  values(): Iterable<Slot> {
    return this.#byKey.values();
  }

  restore(saved: readonly SavedSample[], offset: number): void {
    this.#saved = samplesOf(saved, offset);
  }

  save(offset: number): SavedSample[] {
    const samples: SavedSample[] = [];
    for (const [key, slot] of this.#byKey) {
      if (slot.at !== NEVER) samples.push(savedOf(key, slot, offset));
    }
    return samples;
  }

  /** Samples of an earlier process that were not used by now belong to a device that has gone. */
  dropSaved(): void {
    this.#saved.clear();
  }

  forgetUnseen(run: number): void {
    const gone = forgetUnseen(this.#byKey, run);
    this.#settings.limit?.gone(gone);
    if (gone > 0) this.#twins.joinAll(this.#byKey);
  }

  #add(
    key: string,
    pattern: string,
    rest: readonly Rest[],
    extras: EmitOptions | undefined,
    run: number,
  ): Slot | undefined {
    const { metrics, free, limit, ttl } = this.#settings;
    const full = limit?.admit(key, this.#byKey, run);
    if (full !== undefined) return this.#notes.leaveOut(full);
    const declared = Object.hasOwn(metrics, pattern) ? metrics[pattern] : undefined;
    if (declared === undefined && !free) {
      throw new TypeError(`the metric "${pattern}" is not declared`);
    }
    const spec = this.#altered(declared ?? FREE, extras);
    const parts = rest.filter((part) => typeof part === "string");
    const call = { pattern, parts, extras };
    const made = makeSeries({ naming: this.#naming, ttl }, call, spec, declared !== undefined);
    this.#notes.mended ??= made.mended;
    const { value = 0, at = NEVER } = this.#saved.get(key) ?? {};
    this.#saved.delete(key);
    const [a, b, c, d] = rest;
    const slot: Slot = {
      pattern,
      a,
      b,
      c,
      d,
      extras,
      series: made.series,
      spec,
      allowed: extras?.path === true || this.#isAllowed(made.series.name),
      twins: undefined,
      value,
      at,
      before: 0,
      beforeAt: NEVER,
      seen: NEVER,
      published: 0,
      publishedAt: NEVER,
    };
    this.#byKey.set(key, slot);
    this.#twins.join(slot, this.#byKey);
    return slot;
  }

  /** One object for all slots that have the same: memory that a run does not look at costs it nothing. */
  #altered(base: MetricSpec, extras: EmitOptions | undefined): MetricSpec {
    const changed = this.#exactly(specOf(base, extras));
    const isLike = (spec: MetricSpec) =>
      spec.precision === changed.precision && spec.form === changed.form &&
      spec.unit === changed.unit && spec.max === changed.max;
    if (isLike(base)) return base;
    const known = this.#variants.get(base) ?? [];
    const spec = known.find(isLike);
    if (spec !== undefined) return spec;
    this.#variants.set(base, [...known, changed]);
    return changed;
  }

  /** A measured rate of events is not cut: one in an interval would be 0. */
  #exactly(spec: MetricSpec): MetricSpec {
    const { rates, interval } = this.#settings;
    if (spec.rare !== true || rates === "diamond") return spec;
    const digits = Math.max(MIN_DIGITS, Math.ceil(Math.log10(interval)));
    return { ...spec, precision: Math.max(spec.precision, digits), whole: false };
  }

  #isAllowed(name: string): boolean {
    const { whitelist, blacklist } = this.#settings;
    if (whitelist.compiled.length > 0 && !matchesAny(whitelist, name)) return false;
    return !matchesAny(blacklist, name);
  }
}

/** All that makes a series. NUL cannot be in a clean name. */
function keyOf(
  pattern: string,
  rest: readonly Rest[],
  extras: EmitOptions | undefined,
): string {
  let key = pattern;
  for (const part of rest) if (typeof part === "string") key += `\0${part}`;
  if (extras?.instance !== undefined) key += `\0i${extras.instance}`;
  if (extras?.precision !== undefined) key += `\0p${extras.precision}`;
  if (extras?.form !== undefined) key += `\0f${extras.form}`;
  if (extras?.path === true) key += `\0path${extras.host ?? ""}`;
  return key;
}
