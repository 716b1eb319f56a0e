/** AppEnlight's metrics over HTTP. The service is gone; the server is free software, and can be run. */

import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { integer, needed, secret, url } from "../core/option.ts";
import { below, keyedPostOptions, post } from "../protocols/http_post.ts";

export default defineHandler({
  name: "AppenlightMetricHandler",
  doc: "Sends metrics to AppEnlight",
  receipt: "application",
  options: {
    apikey: needed(secret("", "The application's API key")),
    server: url("https://api.appenlight.com", "The server"),
    queue_size: integer(100, "Metrics in a post at most", { min: 1 }),
    ...keyedPostOptions(),
  },

  largest: ({ queue_size }) => queue_size,
  open({ host, options }) {
    const where = below(options.server, "api/general_metrics");
    const headers = { "x-appenlight-api-key": options.apikey };
    return {
      async write(batch, signal) {
        await post(host, options, {
          url: where,
          type: "application/json",
          body: JSON.stringify(batch.map(entryOf)),
          headers,
        }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

function entryOf({ series, value, timestamp }: Metric) {
  const { prefix, collector, name, host, kind } = series;
  const type = kind === "counter" ? "COUNTER" : "GAUGE";
  return {
    namespace: [prefix, collector].filter((part) => part !== "").join("."),
    timestamp: new Date(timestamp * 1000).toISOString().replace("Z", "000"),
    server_name: host ?? "unknown",
    tags: [["value", value], [type.toLowerCase(), type], ["name", name]],
  };
}
