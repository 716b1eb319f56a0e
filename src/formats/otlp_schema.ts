/**
 * Fields of OpenTelemetry's metrics in protobuf, as far as they are read.
 * Source: https://github.com/open-telemetry/opentelemetry-proto (metrics/v1/metrics.proto, common/v1/common.proto)
 */

import type { Message } from "./protobuf.ts";

const SCALARS: Message = {
  1: ["stringValue", "text"],
  2: ["boolValue", "bool"],
  3: ["intValue", "int"],
  4: ["doubleValue", "double"],
};
const VALUE: Message = { ...SCALARS, 5: ["arrayValue", { 1: ["values", SCALARS, "many"] }] };
const ATTRIBUTE: Message = { 1: ["key", "text"], 2: ["value", VALUE] };
const TIMES: Message = { 2: ["startTimeUnixNano", "fixed64"], 3: ["timeUnixNano", "fixed64"] };
const COUNTS: Message = { ...TIMES, 4: ["count", "fixed64"], 5: ["sum", "double"] };

const NUMBER: Message = {
  ...TIMES,
  4: ["asDouble", "double"],
  6: ["asInt", "sfixed64"],
  7: ["attributes", ATTRIBUTE, "many"],
  8: ["flags", "int"],
};
const HISTOGRAM: Message = {
  ...COUNTS,
  6: ["bucketCounts", "fixed64", "many"],
  7: ["explicitBounds", "double", "many"],
  9: ["attributes", ATTRIBUTE, "many"],
  10: ["flags", "int"],
  11: ["min", "double"],
  12: ["max", "double"],
};
const EXPONENTIAL: Message = {
  ...COUNTS,
  1: ["attributes", ATTRIBUTE, "many"],
  10: ["flags", "int"],
  12: ["min", "double"],
  13: ["max", "double"],
};
const SUMMARY: Message = {
  ...COUNTS,
  6: ["quantileValues", { 1: ["quantile", "double"], 2: ["value", "double"] }, "many"],
  7: ["attributes", ATTRIBUTE, "many"],
  8: ["flags", "int"],
};

function metric(point: Message): Message {
  return {
    1: ["dataPoints", point, "many"],
    2: ["aggregationTemporality", "int"],
    3: ["isMonotonic", "bool"],
  };
}

const METRIC: Message = {
  1: ["name", "text"],
  5: ["gauge", metric(NUMBER)],
  7: ["sum", metric(NUMBER)],
  9: ["histogram", metric(HISTOGRAM)],
  10: ["exponentialHistogram", metric(EXPONENTIAL)],
  11: ["summary", metric(SUMMARY)],
};
const SCOPE_METRICS: Message = {
  1: ["scope", { 1: ["name", "text"] }],
  2: ["metrics", METRIC, "many"],
};
const RESOURCE_METRICS: Message = {
  1: ["resource", { 1: ["attributes", ATTRIBUTE, "many"] }],
  2: ["scopeMetrics", SCOPE_METRICS, "many"],
};

/** ExportMetricsServiceRequest */
export const METRICS_REQUEST: Message = { 1: ["resourceMetrics", RESOURCE_METRICS, "many"] };
