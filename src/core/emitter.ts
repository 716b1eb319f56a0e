/**
 * From values to metrics: is the name allowed, which series is it, what is its rate. Above `emit`
 * there are values, below it metrics. One emitter serves one collector instance and holds its rates.
 */

import type { EmitOptions, MetricSpec } from "./collector.ts";
import type { Emitter, EmitterSettings, Run, SavedSample, SavedSamples } from "./emitter_types.ts";
import type { Metric, Series } from "./metric.ts";
import { extrasOf, faultOf, isSame, isTimestamp, type Rest, specOf } from "./emit_check.ts";
import { emittedOf } from "./emitted.ts";
import { cleanNaming, makeSeries } from "./make_series.ts";
import { partNames } from "./naming.ts";
import { matchesAny } from "./option.ts";
import { forgetUnseen } from "./series_limit.ts";
import { growth, type Sample } from "./rates.ts";
import { type Twin, Twins } from "./twins.ts";

export type { Emitter, EmitterSettings, Run, SavedSamples } from "./emitter_types.ts";

/** With the value of an earlier run, for its rate; `at` is NEVER where there is none. */
interface Slot extends Sample, Twin {
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

/** Series that were not seen for this many runs are forgotten: devices come and go. */
const FORGET_AFTER_RUNS = 64;
/** That `emitFew` has room for. */
const FEW_PARTS = 3;
const NEVER = -Infinity;
/** Behind the point, of a measured rate of events. */
const MIN_DIGITS = 2;
const FREE: MetricSpec = { form: "gauge", help: "", precision: 0, unit: "", max: 0, whole: false };

export function createEmitter(settings: EmitterSettings): Emitter {
  const naming = cleanNaming(settings.naming);
  const slots = new Map<string, Slot>();
  const twins = new Twins();
  /**
   * The slots of the run before, in its order, which is mostly the next one's: no key has to be made. Behind
   * them stand those of earlier runs, for what is not in each one.
   */
  const order: Slot[] = [];
  let position = 0;
  const deltas = new Map<string, Sample & { seen: number }>();
  /** Of what is declared: the same with what a call has said otherwise. */
  const variants = new Map<MetricSpec, readonly MetricSpec[]>();
  let metrics: Metric[] = [];
  /** How many of them there are: with room for as many as in the run before, none is moved as they come. */
  let count = 0;
  let refused = 0;
  let reason: string | undefined;
  let mended: string | undefined;
  let doubled: string | undefined;
  let timestamp = 0;
  let now = 0;
  let previousRun: number | undefined;
  let run = 0;
  /** Of an earlier process: each is used once, when its series comes up. */
  const saved = new Map<string, Sample>();
  if (settings.saved !== undefined && settings.rates === "measured") restore(settings.saved);

  function restore({ samples, offset }: NonNullable<EmitterSettings["saved"]>): void {
    const sampleOf = ([, value, at]: SavedSample): Sample => ({
      value: typeof value === "string" ? BigInt(value) : value,
      at: at - offset,
    });
    for (const entry of samples.series) saved.set(entry[0], sampleOf(entry));
    for (const entry of samples.deltas) deltas.set(entry[0], { ...sampleOf(entry), seen: 0 });
    if (samples.at !== null) previousRun = samples.at - offset;
  }

  function save(offset: number): SavedSamples {
    const entry = (key: string, { value, at }: Sample): SavedSample => [
      key,
      typeof value === "bigint" ? `${value}` : value,
      Math.round(at + offset),
    ];
    const series: SavedSample[] = [];
    for (const [key, slot] of slots) if (slot.at !== NEVER) series.push(entry(key, slot));
    return {
      series,
      deltas: [...deltas].map(([key, sample]) => entry(key, sample)),
      at: previousRun === undefined ? null : Math.round(previousRun + offset),
    };
  }

  function begin(seconds: number, monotonic: number): void {
    timestamp = seconds;
    now = monotonic;
    metrics = new Array(count);
    count = 0;
    refused = 0;
    reason = undefined;
    mended = undefined;
    doubled = undefined;
    position = 0;
    run++;
  }

  /**
   * Of up to three parts and extras, by name: an array of them at each call would be half of a tick's
   * garbage. Mostly all of them are the very ones of the run before.
   */
  function emitFew(
    pattern: string,
    value: number | bigint,
    a?: Rest,
    b?: Rest,
    c?: Rest,
    d?: Rest,
  ): number | undefined {
    const slot = order[position];
    if (
      slot === undefined || slot.pattern !== pattern || slot.a !== a || slot.b !== b ||
      slot.c !== c || slot.d !== d
    ) {
      return emitOther(pattern, value, a, b, c, d);
    }
    position++;
    return publish(slot, value, slot.extras);
  }

  /** What is not the very same is another series, or the same with other extras. */
  function emitOther(
    pattern: string,
    value: number | bigint,
    a: Rest,
    b: Rest,
    c: Rest,
    d: Rest,
  ): number | undefined {
    const extras = extrasOf(d) ?? extrasOf(c) ?? extrasOf(b) ?? extrasOf(a);
    let slot: Slot | undefined = order[position];
    if (
      slot === undefined || slot.pattern !== pattern || !isSame(slot.a, a) || !isSame(slot.b, b) ||
      !isSame(slot.c, c) || !isSame(slot.d, d)
    ) {
      slot = slotOf(pattern, [a, b, c, d], extras);
      if (slot === undefined) return undefined;
      order[position] = slot;
    }
    position++;
    return publish(slot, value, extras);
  }

  function emitMany(
    pattern: string,
    value: number | bigint,
    ...rest: Rest[]
  ): number | undefined {
    const extras = extrasOf(rest.at(-1));
    const slot = slotOf(pattern, rest, extras);
    return slot === undefined ? undefined : publish(slot, value, extras);
  }

  function publish(
    slot: Slot,
    value: number | bigint,
    extras: EmitOptions | undefined,
  ): number | undefined {
    const { form } = slot.spec;
    const isAgain = slot.seen === run;
    slot.seen = run;
    if (slot.twins !== undefined) { for (const twin of slot.twins) twin.seen = run; }
    if (isAgain && form !== "gauge" && extras?.raw === undefined) return isDoubled(slot);
    if (typeof value !== "bigint" && !Number.isFinite(value)) {
      return refuse(`${slot.series.path} is ${value}: no number to publish`);
    }
    if (extras?.restart === true) slot.at = NEVER;
    let published = form !== "gauge" && extras?.raw === undefined
      ? rateOf(slot, value)
      : typeof value === "number"
      ? value
      : Number(value);
    if (published === undefined) return undefined;
    if (extras?.scale !== undefined) published *= extras.scale;
    if (!Number.isFinite(published)) {
      return refuse(`${slot.series.path} is too large a number to publish`);
    }
    if (slot.spec.whole) published = Math.trunc(published);
    if (slot.allowed) {
      const time = extras?.timestamp ?? timestamp;
      if (time !== timestamp && !isTimestamp(time)) {
        return refuse(`${slot.series.path} has the time ${time}, which is none`);
      }
      const isInPlace = isAgain && !settings.free && extras?.timestamp === undefined;
      const place = isInPlace ? placeOf(slot.series.path, time) : count++;
      slot.published = published;
      slot.publishedAt = time;
      metrics[place] = form === "counter"
        ? { series: slot.series, value: published, timestamp: time, raw: extras?.raw ?? value }
        : { series: slot.series, value: published, timestamp: time };
    }
    return published;
  }

  /** Two rows of one name do not share a rate: the first one has it. */
  function isDoubled(slot: Slot): undefined {
    doubled ??= slot.series.path;
  }

  /** Where the last value of a path and a time goes: in place of the one before. */
  function placeOf(path: string, time: number): number {
    for (let at = count - 1; at >= 0; at--) {
      if (metrics[at].timestamp === time && metrics[at].series.path === path) {
        doubled ??= path;
        return at;
      }
    }
    return count++;
  }

  function rateOf(slot: Slot, value: number | bigint): number | undefined {
    const { value: before, at } = slot;
    slot.before = before;
    slot.beforeAt = at;
    slot.value = value;
    slot.at = now;
    if (at === NEVER) return settings.rates === "diamond" ? 0 : undefined;
    const grown = growth(before, value, slot.spec.max, settings.rates);
    if (grown === undefined) return undefined;
    const seconds = settings.rates === "diamond" ? settings.interval : (now - at) / 1000;
    return seconds > 0 ? grown / seconds : undefined;
  }

  function delta(key: string, value: number | bigint, max = 0): number | undefined {
    const sample = deltas.get(key);
    if (sample === undefined) {
      if (settings.limit?.admitsSample(deltas, run) === false) return undefined;
      deltas.set(key, { value, at: now, seen: run });
      return settings.rates === "diamond" ? 0 : undefined;
    }
    if (sample.seen === run) {
      doubled ??= key;
      return undefined;
    }
    const before = sample.value;
    sample.value = value;
    sample.at = now;
    sample.seen = run;
    return growth(before, value, max, settings.rates);
  }

  /** Undefined where there can be no such series, which is refused. */
  function slotOf(
    pattern: string,
    rest: readonly Rest[],
    extras: EmitOptions | undefined,
  ): Slot | undefined {
    const fault = faultOf(pattern, rest, extras);
    if (fault !== undefined) return refuse(fault);
    // The key holds all that makes a series: NUL cannot stand in a clean name.
    let key = pattern;
    for (const part of rest) if (typeof part === "string") key += `\0${part}`;
    if (extras?.instance !== undefined) key += `\0i${extras.instance}`;
    if (extras?.precision !== undefined) key += `\0p${extras.precision}`;
    if (extras?.form !== undefined) key += `\0f${extras.form}`;
    if (extras?.path === true) key += `\0path${extras.host ?? ""}`;
    return slots.get(key) ?? newSlot(key, pattern, rest, extras);
  }

  function newSlot(
    key: string,
    pattern: string,
    rest: readonly Rest[],
    extras: EmitOptions | undefined,
  ): Slot | undefined {
    const full = settings.limit?.admit(key, slots, run);
    if (full !== undefined) return refuse(full);
    const declared = Object.hasOwn(settings.metrics, pattern)
      ? settings.metrics[pattern]
      : undefined;
    if (declared === undefined && !settings.free) {
      throw new TypeError(`The metric "${pattern}" is not declared`);
    }
    const spec = altered(declared ?? FREE, extras);
    const parts = rest.filter((part) => typeof part === "string");
    const made = makeSeries(
      { naming, ttl: settings.ttl },
      { pattern, parts, extras },
      spec,
      declared !== undefined,
    );
    mended ??= made.mended;
    const allowed = extras?.path === true || isAllowed(made.series.name);
    const { value = 0, at = NEVER } = saved.get(key) ?? {};
    saved.delete(key);
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
      allowed,
      twins: undefined,
      value,
      at,
      before: 0,
      beforeAt: NEVER,
      seen: NEVER,
      published: 0,
      publishedAt: NEVER,
    };
    slots.set(key, slot);
    twins.join(slot, slots);
    return slot;
  }

  /** One object for all slots that have the same: memory that a run does not look at costs it nothing. */
  function altered(base: MetricSpec, extras: EmitOptions | undefined): MetricSpec {
    const changed = exactly(specOf(base, extras));
    const isLike = (spec: MetricSpec) =>
      spec.precision === changed.precision && spec.form === changed.form &&
      spec.max === changed.max;
    if (isLike(base)) return base;
    const known = variants.get(base) ?? [];
    const spec = known.find(isLike);
    if (spec !== undefined) return spec;
    variants.set(base, [...known, changed]);
    return changed;
  }

  /** A measured rate of events is not cut: one in an interval would be 0. */
  function exactly(spec: MetricSpec): MetricSpec {
    if (spec.rare !== true || settings.rates === "diamond") return spec;
    const digits = Math.max(MIN_DIGITS, Math.ceil(Math.log10(settings.interval)));
    return { ...spec, precision: Math.max(spec.precision, digits), whole: false };
  }

  function isAllowed(name: string): boolean {
    const { whitelist, blacklist } = settings;
    if (whitelist.compiled.length > 0 && !matchesAny(whitelist, name)) return false;
    return !matchesAny(blacklist, name);
  }

  function refuse(why: string): undefined {
    refused++;
    reason ??= why;
  }

  function end(): Run {
    previousRun = now;
    // What has not come up by now is from a device that has gone.
    if (run === FORGET_AFTER_RUNS) saved.clear();
    if (run % FORGET_AFTER_RUNS === 0) forget();
    metrics.length = count;
    const result = { metrics, refused, reason, mended, doubled };
    // What a run emits that was given up goes nowhere.
    metrics = [];
    return result;
  }

  function forget(): void {
    // What stands behind may be forgotten now.
    order.length = position;
    const gone = forgetUnseen(slots, run - FORGET_AFTER_RUNS);
    settings.limit?.gone(gone);
    forgetUnseen(deltas, run - FORGET_AFTER_RUNS);
    if (gone > 0) twins.joinAll(slots);
  }

  const hasFew = Object.keys(settings.metrics).every((name) => partNames(name).length <= FEW_PARTS);
  return {
    begin,
    emit: hasFew ? emitFew : emitMany,
    delta,
    end,
    save,
    emitted: () => emittedOf(slots.values(), run),
    get elapsed() {
      const seconds = previousRun === undefined ? 0 : (now - previousRun) / 1000;
      return seconds > 0 ? seconds : settings.interval;
    },
  };
}
