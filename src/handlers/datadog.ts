/**
 * Datadog's metrics over HTTP.
 * Source: https://docs.datadoghq.com/api/latest/metrics/#submit-metrics (version 2)
 */

import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { integer, list, needed, secret, url } from "../core/option.ts";
import { below, keyedPostOptions, post } from "../protocols/http_post.ts";

/** Rates of counters are gauges too, as they always were. */
const GAUGE = 3;

export default defineHandler({
  name: "DatadogHandler",
  doc: "Sends metrics to Datadog",
  receipt: "application",
  options: {
    api_key: needed(secret("", "The account's API key")),
    url: url("https://api.datadoghq.com", "The account's site, such as https://api.datadoghq.eu"),
    tags: list([], "Tags for all points, such as env:production"),
    queue_size: integer(0, "Without effect: each run is sent when it ends"),
    ...keyedPostOptions(6),
  },

  open({ host, options }) {
    const where = below(options.url, "api/v2/series");
    const headers = { "dd-api-key": options.api_key };
    return {
      async write(batch, signal) {
        const series = batch.map((metric) => seriesOf(metric, options.tags));
        const body = JSON.stringify({ series });
        await post(host, options, {
          url: where,
          type: "application/json",
          body,
          headers,
        }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

function seriesOf({ series, value, timestamp }: Metric, tags: readonly string[]) {
  const { prefix, collector, name, host } = series;
  return {
    metric: [prefix, collector, name].filter((part) => part !== "").join("."),
    type: GAUGE,
    points: [{ timestamp, value }],
    ...(host !== null && { resources: [{ type: "host", name: host }] }),
    ...(tags.length > 0 && { tags }),
  };
}
