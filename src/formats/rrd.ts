/** Round-robin databases: where Diamond keeps them, and the commands of rrdtool and rrdcached. */

import type { Metric, Series } from "../core/metric.ts";

/** Characters of a data source's name. */
const MAX_NAME = 19;
/** Rows of each archive, and the steps that one of them is made of. */
const ROWS = 1200;
const STEPS = [1, 7, 50, 223, 2635];
const KNOWN_PART = 0.1;

export interface RrdFile {
  /** Below the base directory. */
  readonly path: string;
  readonly name: string;
}

/** `<host>/<collector>/<name>.rrd`; the name has no dots and is cut. */
export function rrdFile({ host, collector, name }: Series): RrdFile {
  const source = name.replace(/\W/g, "_").slice(0, MAX_NAME);
  return { path: `${folder(host ?? "unknown")}/${folder(collector)}/${source}.rrd`, name: source };
}

/** Neither a folder further down nor one further up. */
function folder(name: string): string {
  return name.replaceAll("/", "_").replace(/^\.*$/, "_") || "_";
}

/** Options of `create`, which are rrdcached's as well. What is older than its begin a database does not take. */
export function createOptions({ name, first }: RrdUpdate, step: number): string {
  const archives = ["AVERAGE", "MIN", "MAX"].flatMap((kind) =>
    STEPS.map((steps) => `RRA:${kind}:${KNOWN_PART}:${steps}:${ROWS}`)
  );
  return `-b ${first - 1} -s ${step} DS:${name}:GAUGE:${2 * step}:U:U ${archives.join(" ")}`;
}

export interface RrdUpdate extends RrdFile {
  /** `1000:1.5 1001:2`, in order, each time once. */
  readonly values: string;
  /** Their first time. */
  readonly first: number;
  readonly metrics: readonly Metric[];
}

/** An update for each file; the last value of a time counts. */
export function rrdUpdates(batch: readonly Metric[], fileOf: (series: Series) => RrdFile) {
  const byPath = Map.groupBy(batch, ({ series }) => fileOf(series).path);
  return [...byPath.values()].map((metrics) => updateOf(fileOf(metrics[0].series), metrics));
}

/** What is left of an update that was refused since it begins before the file's last value; undefined for nothing. */
export function laterPart(update: RrdUpdate, error: string): RrdUpdate | undefined {
  const last = Number(/last update time is ([\d.]+)/.exec(error)?.[1] ?? Infinity);
  const later = update.metrics.filter(({ timestamp }) => timestamp > last);
  // A second refusal for the same reason would be one for good.
  return later.length === 0 || later.length === update.metrics.length
    ? undefined
    : updateOf(update, later);
}

function updateOf({ path, name }: RrdFile, metrics: readonly Metric[]): RrdUpdate {
  const times = new Map(
    metrics.toSorted((a, b) => a.timestamp - b.timestamp).map((
      { timestamp, value },
    ) => [timestamp, value]),
  );
  const values = [...times].map(([time, value]) => `${time}:${value}`).join(" ");
  const [first] = times.keys();
  return { path, name, values, first, metrics };
}

type RrdError = "missing" | "stored" | "bad" | "other";

/** What an error of either program means for an update. */
export function errorKind(error: string): RrdError {
  if (/No such file/i.test(error)) return "missing";
  // A resent value, or one that comes after a later one, which the file has no place for.
  if (/illegal attempt to update/i.test(error)) return "stored";
  return /not an RRD|unknown DS|expected \d+ data source|not a simple|signature/i.test(error)
    ? "bad"
    : "other";
}
