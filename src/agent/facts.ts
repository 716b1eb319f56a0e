/** What is known of the collectors and handlers at work, for `explain`: made when somebody asks. */

import { type AnyCollector, commonOptions, type MetricSpec } from "../core/collector.ts";
import { type AnyHandler, deliveryOptions } from "../core/handler.ts";
import { collectorOf, metricPath } from "../core/naming.ts";
import type { Option, Options, Patterns } from "../core/option.ts";
import { MASK, withoutCredentials } from "../core/secrets.ts";
import type { Clock } from "../ports/clock.ts";
import type { HandlerConfig, RunningCollector } from "./agent_contract.ts";
import type { ErrorState } from "../core/error_reporter.ts";

export interface OptionFact {
  readonly name: string;
  /** As it may be shown. */
  readonly value: string;
  /** `file:line`; absent: the default. */
  readonly where?: string;
  /** Declared by this collector or handler, not by all of them. */
  readonly isOwn: boolean;
}

export interface SeriesFact {
  readonly path: string;
  readonly name: string;
  readonly pattern: string;
  readonly labels: readonly string[];
  readonly form: MetricSpec["form"];
  readonly unit: string;
  readonly precision: number;
  readonly help: string;
  readonly allowed: boolean;
  readonly scale?: number;
  readonly max: number;
  readonly runsAgo: number;
  /** Cumulative values, the older one first; times are milliseconds since the epoch. */
  readonly samples: readonly { readonly value: number | bigint; readonly at: number }[];
}

/** A value as it was published; the time is in seconds. */
export interface Point {
  readonly value: number;
  readonly timestamp: number;
}

export interface CollectorFact {
  readonly section: string;
  readonly className: string;
  readonly doc: string;
  /** The file of a plugin. */
  readonly file?: string;
  /** Seconds. */
  readonly interval: number;
  /** What its paths begin with: those of the host, and those of an instance. */
  readonly begins: readonly [host: string, instance: string];
  /** It has a component of its own in paths. */
  readonly hasNode: boolean;
  readonly patterns: readonly string[];
  /** What it declares to read. */
  readonly sources: readonly string[];
  readonly options: readonly OptionFact[];
  readonly whitelist: Patterns;
  readonly blacklist: Patterns;
  readonly crowd?: ErrorState;
  series(): Iterable<SeriesFact>;
  /** What the last run published under a path. */
  latest(path: string): Point | undefined;
}

export function collectorFact(
  { part: { section, collector, options, origins }, hostname, runner }: RunningCollector,
  clock: Clock,
): CollectorFact {
  const { path_prefix: prefix, path_suffix: suffix, instance_prefix: instancePrefix } = options;
  const naming = { prefix, host: hostname, suffix, collector: options.path, instancePrefix };
  const { name, doc, custom, metrics, sources = [] }: AnyCollector = collector;
  const offset = clock.now() - clock.monotonic();
  return {
    section,
    className: name,
    doc,
    file: custom?.file,
    interval: options.interval,
    begins: [metricPath(naming, "", null), instancePrefix],
    hasNode: collectorOf(naming) !== "",
    patterns: Object.keys(metrics),
    sources,
    options: optionFacts(commonOptions, collector.options, options, origins),
    whitelist: options.metrics_whitelist,
    blacklist: options.metrics_blacklist,
    crowd: runner.crowd,
    *series() {
      for (const { series, form, allowed, scale, max, runsAgo, samples } of runner.emitted()) {
        const { path, name, pattern, labels, unit, precision, help } = series;
        yield {
          ...{ path, name, pattern, labels: Object.values(labels), form, unit, precision, help },
          ...{ allowed, scale, max, runsAgo },
          samples: samples.map(({ value, at }) => ({ value, at: at + offset })),
        };
      }
    },
    latest: (path) => runner.latest.findLast(({ series }) => series.path === path),
  };
}

export function handlerOptions({ handler, options, origins }: HandlerConfig): OptionFact[] {
  const { options: own }: AnyHandler = handler;
  return optionFacts(deliveryOptions, own, options, origins);
}

function optionFacts(
  shared: Options,
  own: Options,
  values: Readonly<Record<string, unknown>>,
  origins: ReadonlyMap<string, unknown> = new Map(),
): OptionFact[] {
  const declared = Object.entries<Option<unknown>>({ ...shared, ...own });
  const facts = declared.filter(([name]) => !name.includes("*")).map(([name, option]) => ({
    name,
    value: shown(option, values[name]),
    where: placeOf(origins.get(name)),
    isOwn: Object.hasOwn(own, name),
  }));
  // What a plugin does not declare comes as it stands: what it holds may be a secret.
  const free = [...origins.keys()].filter((name) =>
    !Object.hasOwn(shared, name) && !Object.hasOwn(own, name) && Object.hasOwn(values, name)
  );
  return facts.concat(
    free.map((name) => ({ name, value: "", where: placeOf(origins.get(name)), isOwn: true })),
  );
}

function shown(option: Option<unknown>, value: unknown): string {
  if (option.secret && value !== "") return MASK;
  return withoutCredentials((option.shown ?? option.format)(value));
}

function placeOf(origin: unknown): string | undefined {
  if (typeof origin !== "object" || origin === null) return undefined;
  const { file, line } = origin as { file: string; line: number };
  return line > 0 ? `${file}:${line}` : file;
}
