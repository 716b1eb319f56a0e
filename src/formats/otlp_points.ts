/**
 * The points of a request of OpenTelemetry's, from JSON or from protobuf as its JSON would be.
 * Source: https://opentelemetry.io/docs/specs/otel/metrics/data-model/
 */

import { badData } from "../core/errors.ts";
import { safeName } from "./flatten.ts";

/** In the order of their keys: programs send them in any. */
export type Attributes = readonly (readonly [key: string, text: string])[];

/** One value of a point: a number has one, a histogram several. */
interface OtlpValue {
  /** Stands behind the metric's name; empty for its only value. */
  readonly part: string;
  readonly value: number | bigint;
  /** `grows`: only up, from `start` on. `adds`: a change of what it stands at. */
  readonly role: "stands" | "grows" | "adds";
}

export interface OtlpPoint {
  readonly name: string;
  readonly resource: Attributes;
  readonly scope: string;
  readonly attributes: Attributes;
  /** Nanoseconds since the epoch; 0: unknown. */
  readonly start: bigint;
  readonly time: bigint;
  /** What grows is the growth since `start`, not a total. */
  readonly isDelta: boolean;
  readonly values: readonly OtlpValue[];
}

/** What all points of a scope share. */
interface Origin extends Pick<OtlpPoint, "resource" | "scope"> {
  /** Characters of it. */
  readonly size: number;
}

type Loose = Readonly<Record<string, unknown>>;

const KINDS = ["gauge", "sum", "histogram", "exponentialHistogram", "summary"] as const;
const [DELTA, CUMULATIVE] = [1, 2];
/** Characters of what a series is known by: its name, scope and attributes, with those of its resource. */
const MAX_LABELS = 16_384;
/** Characters of a name that are shown. */
const SHOWN = 100;
/** The program says that it has no value: it is about to forget the series. */
const NO_VALUE = 1;

/** Hands each point to `take`, and says of each that cannot be read why. Throws `bad-data` where the request is not one. */
export function readPoints(
  request: unknown,
  take: (point: OtlpPoint) => void,
  reject: (why: string) => void,
): void {
  if (!isObject(request) || !Array.isArray(request.resourceMetrics ?? [])) {
    throw badData("resourceMetrics is not a list");
  }
  for (const { resource, scopeMetrics } of objects(request.resourceMetrics)) {
    const shared = attributesOf(objectOf(resource).attributes);
    for (const { scope, metrics } of objects(scopeMetrics)) {
      const name = textOf(objectOf(scope).name);
      const about = { resource: shared, scope: name, size: name.length + sizeOf(shared) };
      for (const metric of objects(metrics)) readMetric(metric, about, take, reject);
    }
  }
}

function readMetric(
  metric: Loose,
  { resource, scope, size }: Origin,
  take: (point: OtlpPoint) => void,
  reject: (why: string) => void,
): void {
  const name = textOf(metric.name);
  const kind = KINDS.find((one) => isObject(metric[one]));
  if (kind === undefined) return;
  const { dataPoints, aggregationTemporality, isMonotonic } = objectOf(metric[kind]);
  const temporality = Number(numberOf(aggregationTemporality) ?? 0);
  const hasTemporality = temporality === DELTA || temporality === CUMULATIVE;
  const shownName = name.slice(0, SHOWN);
  const needsTemporality = kind !== "gauge" && kind !== "summary";
  for (const point of objects(dataPoints)) {
    if ((Number(numberOf(point.flags) ?? 0) & NO_VALUE) !== 0) continue;
    const isDelta = temporality === DELTA && needsTemporality;
    const time = nanoseconds(point.timeUnixNano);
    const attributes = attributesOf(point.attributes);
    const values = valuesOf(kind, point, isMonotonic === true, isDelta);
    if (!/[^.]/.test(name)) reject("a metric has no name");
    else if (time === 0n) reject(`a point of "${shownName}" has no time`);
    else if (needsTemporality && !hasTemporality) reject(`"${shownName}" has no temporality`);
    else if (values === undefined) reject(`a point of "${shownName}" has no number`);
    else if (size + name.length + sizeOf(attributes) > MAX_LABELS) {
      reject(`a point of "${shownName}" has more than ${MAX_LABELS} characters of attributes`);
    } else {
      const start = nanoseconds(point.startTimeUnixNano);
      take({ name, resource, scope, attributes, start, time, isDelta, values });
    }
  }
}

function valuesOf(
  kind: typeof KINDS[number],
  point: Loose,
  isMonotonic: boolean,
  isDelta: boolean,
): OtlpValue[] | undefined {
  if (kind === "gauge" || kind === "sum") {
    const value = numberOf(point.asInt ?? point.asDouble);
    const role = kind === "gauge" ? "stands" : isMonotonic ? "grows" : isDelta ? "adds" : "stands";
    return value === undefined ? undefined : [{ part: "", value, role }];
  }
  const count = numberOf(point.count ?? 0);
  if (count === undefined) return undefined;
  const values: OtlpValue[] = [{ part: "count", value: count, role: "grows" }];
  const add = (part: string, given: unknown, role: OtlpValue["role"]) => {
    const value = numberOf(given);
    if (value !== undefined) values.push({ part, value, role });
  };
  add("sum", point.sum, "grows");
  add("min", point.min, "stands");
  add("max", point.max, "stands");
  for (const { quantile, value } of objects(point.quantileValues)) {
    add(`quantile.${node(quantile ?? 0)}`, value ?? 0, "stands");
  }
  if (kind === "histogram") addBuckets(point, add);
  return values;
}

/** Each with all below it, as Prometheus has them. */
function addBuckets(
  { bucketCounts, explicitBounds }: Loose,
  add: (part: string, value: number, role: "grows") => void,
): void {
  if (!Array.isArray(bucketCounts) || !Array.isArray(explicitBounds)) return;
  if (bucketCounts.length !== explicitBounds.length + 1) return;
  let below = 0;
  for (const [index, count] of bucketCounts.entries()) {
    below += Number(numberOf(count) ?? NaN);
    const bound = index < explicitBounds.length ? node(explicitBounds[index]) : "inf";
    add(`bucket.${bound}`, below, "grows");
  }
}

/** 0.5 is 0_5 in a path. */
function node(given: unknown): string {
  return safeName(`${numberOf(given) ?? NaN}`);
}

function attributesOf(list: unknown): Attributes {
  return objects(list)
    .map(({ key, value }) => [textOf(key), shown(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

function sizeOf(attributes: Attributes): number {
  return attributes.reduce((size, [key, text]) => size + key.length + text.length, 0);
}

/** Of lists in lists nothing is shown: they may be as deep as a peer likes. */
function shown(value: unknown): string {
  const { arrayValue } = objectOf(value);
  return isObject(arrayValue)
    ? objects(arrayValue.values).map(scalar).join("_")
    : scalar(objectOf(value));
}

function scalar({ stringValue, boolValue, intValue, doubleValue }: Loose): string {
  const found = stringValue ?? intValue ?? doubleValue ?? boolValue ?? "";
  return typeof found === "object" ? "" : String(found);
}

/** Integers are texts in JSON; those that fit are numbers. */
function numberOf(given: unknown): number | bigint | undefined {
  if (typeof given === "number") return Number.isFinite(given) ? given : undefined;
  const integer = typeof given === "bigint"
    ? given
    : typeof given === "string" && /^-?\d{1,20}$/.test(given)
    ? BigInt(given)
    : undefined;
  if (integer === undefined) return undefined;
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

function nanoseconds(given: unknown): bigint {
  const value = numberOf(given) ?? 0;
  return value <= 0 ? 0n : typeof value === "bigint" ? value : BigInt(Math.trunc(value));
}

function textOf(given: unknown): string {
  return typeof given === "string" ? given : "";
}

function objects(list: unknown): readonly Loose[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function objectOf(value: unknown): Loose {
  return isObject(value) ? value : {};
}

function isObject(value: unknown): value is Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
