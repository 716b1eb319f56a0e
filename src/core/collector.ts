/**
 * What a collector is: options, metrics, and one function that reads the host and emits values. It
 * sees no handler and no configuration file, and reaches the machine through `host` only.
 */

import type { Host, System } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { MetricUnit } from "./metric_unit.ts";
import type { UnreadLine } from "./unread_lines.ts";
import {
  bool,
  byteUnits,
  choice,
  integer,
  number,
  type Options,
  patterns,
  text,
  type Values,
} from "./option.ts";

/** How a declared metric becomes a value on the wire. */
export interface MetricSpec {
  /**
   * `gauge`: the value as emitted. `rate`: the emitted value is cumulative, its growth per second is
   * published as a gauge. `counter`: as `rate`, published as a counter, with the cumulative value beside it.
   */
  readonly form: "gauge" | "rate" | "counter";
  readonly help: string;
  readonly precision: number;
  readonly unit: MetricUnit;
  /** Where the cumulative value wraps in `rates = diamond`; 0: it does not. */
  readonly max: number;
  /** Cut a rate to a whole number in `rates = diamond`, as Python's `int()`. */
  readonly whole: boolean;
  /** Counts events: a measured rate has so many digits that one event in an interval is not 0. */
  readonly rare?: boolean;
  /** Counts since the host was booted, or from later on. */
  readonly sinceBoot?: boolean;
}

export type Metrics = { readonly [pattern: string]: MetricSpec };

/** 2^64-1: where Diamond takes 64-bit counters to wrap. */
export const MAX_COUNTER = 18_446_744_073_709_551_615;

/** Declares a value that is published unchanged. */
export function gauge(help: string, precision = 0, unit: MetricUnit = ""): MetricSpec {
  return { form: "gauge", help, precision, unit, max: 0, whole: false };
}

export interface RateTraits {
  readonly unit?: MetricUnit;
  readonly max?: number;
  readonly whole?: boolean;
  readonly rare?: boolean;
  readonly sinceBoot?: boolean;
}

/** Emitted cumulatively, published per second, as a gauge. */
export function rate(help: string, precision = 0, traits: RateTraits = {}): MetricSpec {
  return {
    form: "rate",
    help,
    precision,
    unit: traits.unit ?? "",
    max: traits.max ?? 0,
    whole: traits.whole ?? false,
    rare: traits.rare ?? traits.whole ?? false,
  };
}

/** Emitted cumulatively, published per second, as a counter. */
export function counter(help: string, precision = 0, traits: RateTraits = {}): MetricSpec {
  const { sinceBoot } = traits;
  return { ...rate(help, precision, traits), form: "counter", ...(sinceBoot && { sinceBoot }) };
}

/** The parts that a pattern asks for: `"{device}.{field}"` asks for two. */
export type Parts<Name extends string> = Name extends `${string}{${string}}${infer Rest}`
  ? [part: string, ...Parts<Rest>]
  : [];

/** What may differ from the declaration, for one value. */
export interface EmitOptions {
  readonly precision?: number;
  /** Multiplies what is published, after the rate was taken. */
  readonly scale?: number;
  /** Publishes under `instances.<instance>.<path>` instead of under the host. */
  readonly instance?: string;
  /** Another form than the declared one; the form of a name that is not declared. */
  readonly form?: MetricSpec["form"];
  /** Another unit than the declared one. */
  readonly unit?: string;
  /** Another `max` than the declared one; that of a name that is not declared. */
  readonly max?: number;
  /** Seconds since the epoch, for a value that is not of now. */
  readonly timestamp?: number;
  /** The name is the whole path of the metric, which is filtered and complete. */
  readonly path?: true;
  /** With `path`: the host that the path names, where it is another one. */
  readonly host?: string | null;
  /** With the form counter: the value is the rate of this cumulative one. */
  readonly raw?: number | bigint;
  /** The value is of another source than the last one of this name: its rate begins again. */
  readonly restart?: true;
}

/**
 * Publishes a value and returns what was published: the rate where one was taken, undefined where
 * there is none yet. A value that is not finite is refused, counted and named in the log.
 */
export type Emit<M extends Metrics> = <Name extends keyof M & string>(
  name: Name,
  value: number | bigint,
  ...parts: [...Parts<Name>] | [...Parts<Name>, EmitOptions]
) => number | undefined;

export interface Context<O extends Options = Options, M extends Metrics = Metrics, S = unknown> {
  readonly host: Host;
  /** The section's name in the configuration: the collector's, or that of an instance. */
  readonly section: string;
  /** The host's name in metric paths; null where they have none. */
  readonly hostname: string | null;
  readonly options: Values<O> & CommonValues;
  readonly state: S;
  readonly emit: Emit<M>;
  /** Growth of a cumulative value since the last run; undefined where it cannot be known. */
  readonly delta: (key: string, value: number | bigint, max?: number) => number | undefined;
  /** Seconds since the last run that ended, by the monotonic clock; the interval on the first run. */
  readonly elapsed: number;
  /** Aborted at the deadline and at the stop. */
  readonly signal: AbortSignal;
  /** Leaves out a line that cannot be read: it is counted, and its source is logged once. */
  readonly skipLine: SkipLine;
  /** Counts what a limit of the collector's own has left out of the run, and reports it. */
  readonly leaveOut: LeaveOut;
  readonly log: Log;
}

export type SkipLine = (line: UnreadLine) => void;
/** `what` names the limit and the first that was over it: `more than max_names = 5000 names, with "a.b"`. */
export type LeaveOut = (count: number, what: string) => void;

export interface Collector<
  O extends Options = Options,
  M extends Metrics = Metrics,
  S = unknown,
> {
  /** "MemoryCollector": the section's name in the configuration. */
  readonly name: string;
  readonly doc: string;
  /** The collector's component in metric paths. */
  readonly path: string;
  /** The files, commands and addresses that it reads, for `describe`. */
  readonly sources?: readonly string[];
  /** Diamond's metrics that current versions of the service do not have, by what they are gone since. */
  readonly gone?: Readonly<Record<string, string>>;
  /** Systems it works on; absent: Linux only. */
  readonly systems?: readonly System[];
  readonly options: O;
  readonly metrics: M;
  /** Of a user's collector. */
  readonly custom?: PluginTraits;
  /** Makes the state of one instance. It is disposed at reload and exit if it can be. */
  prepare?(options: Values<O> & CommonValues, host: Host): S;
  collect(context: Context<O, M, S>): void | Promise<void>;
}

export interface PluginTraits {
  readonly file: string;
  /** No options are declared: each key of the section comes as it stands. */
  readonly freeOptions: boolean;
  /** No metrics are declared: any name is a gauge. */
  readonly undeclared: boolean;
}

/** Where a collector works; Linux where it does not say. */
export function systemsOf({ systems = ["linux"] }: AnyCollector): readonly System[] {
  return systems;
}

/** The agent itself as a collector. */
export const SELF_NAME = "DiamondCollector";

export const everySystem: readonly System[] = ["linux", "darwin", "freebsd", "windows"];

/** An identity function that infers types. */
export function defineCollector<const O extends Options, const M extends Metrics, S = undefined>(
  collector: Collector<O, M, S>,
): Collector<O, M, S> {
  return collector;
}

// deno-lint-ignore no-explicit-any
export type AnyCollector = Collector<any, any, any>;

export const HOSTNAME_METHODS = [
  "smart",
  "fqdn_short",
  "fqdn",
  "fqdn_rev",
  "uname_short",
  "uname_rev",
  "hostname",
  "hostname_short",
  "hostname_rev",
  "shell",
  "none",
] as const;
export type HostnameMethod = typeof HOSTNAME_METHODS[number];

/** The options that every collector has. */
export const commonOptions = {
  enabled: bool(false, "Whether the collector runs"),
  interval: number(300, "Seconds from run to run", { min: 0.1 }),
  path: text("", "What stands for the collector in metric paths; . for nothing"),
  path_prefix: text("servers", "What metric paths begin with"),
  path_suffix: text("", "What stands between host and collector"),
  instance_prefix: text("instances", "What paths of an instance's metrics begin with"),
  hostname: text("", "The host's name in metric paths, or the command for hostname_method = shell"),
  hostname_method: choice("smart", HOSTNAME_METHODS, "How the host's name is found"),
  stagger_collection: bool(
    true,
    "Shift the runs within the interval, by a hash of the host's name",
  ),
  ttl_multiplier: number(2, "Intervals for which a value is current", { min: 0 }),
  byte_unit: byteUnits(["byte"]),
  measure_collector_time: bool(false, "Publish collector_time_ms after each run"),
  metrics_whitelist: patterns(
    [],
    "match",
    "Publish only names that one of these matches, from their start",
  ),
  metrics_blacklist: patterns(
    [],
    "match",
    "Publish no name that one of these matches, from its start",
  ),
  collect_timeout: number(
    0,
    "Seconds a run may take; 0: the interval less the stagger, at least 1",
    { min: 0 },
  ),
  max_series: integer(
    50_000,
    "Series at most; over it those that are gone make room, and new ones are left out, counted",
    { min: 1 },
  ),
  rates: choice(
    "measured",
    ["measured", "diamond"],
    "measured: by the time that passed; diamond: by the configured interval, first sample 0",
  ),
};
export type CommonValues = Values<typeof commonOptions>;
