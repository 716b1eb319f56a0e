/** Units as other systems name them: a counter's total has none of the rate's `per second`. */

import { deepEqual } from "node:assert/strict";
import { describe, it } from "node:test";
import { metricsRequest } from "../../src/formats/otlp.ts";
import { seriesWriter } from "../../src/formats/remote_write.ts";
import { metric } from "../harness/metrics.ts";

const UNITS = ["byte/s", "percent", "°C", "KiB", ""];
const gauges = UNITS.map((unit, at) => metric(`m${at}`, 1, 1, { unit, pattern: `m${at}` }));
const total = { ...metric("t", 1, 1, { unit: "byte/s", kind: "counter", pattern: "t" }), raw: 9 };

describe("units", () => {
  it("are UCUM's in OpenTelemetry", () => {
    const { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] } = metricsRequest([
      ...gauges,
      total,
    ], []);
    deepEqual(metrics.map(({ unit }) => unit), ["By/s", "%", "Cel", "KiBy", "", "By"]);
  });

  it("are in the plural in Prometheus' remote write", () => {
    const all = seriesWriter("diamond")([...gauges, total]);
    deepEqual(all.map(({ unit }) => unit), ["bytes/s", "percent", "°C", "KiB", "", "bytes"]);
  });
});
