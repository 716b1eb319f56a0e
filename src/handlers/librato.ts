/**
 * Librato's protocol. The service is gone; others speak it.
 * Source: https://www.librato.com/docs/api/#create-a-measurement (archived)
 */

import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { bool, integer, matchesAny, number, patterns, secret, text, url } from "../core/option.ts";
import { post, postOptions } from "../protocols/http_post.ts";

const { user: _, password: __, ...httpOptions } = postOptions();

export default defineHandler({
  name: "LibratoHandler",
  doc: "Sends metrics by Librato's protocol",
  receipt: "application",
  options: {
    url: url("https://metrics-api.librato.com/v1/metrics", "Where to post to"),
    user: text("", "User of the account"),
    apikey: secret("", "The account's key"),
    timeout: number(10, "Seconds that a write may take", { min: 0.1 }),
    apply_metric_prefix: bool(false, "Put path_prefix before the names"),
    queue_max_size: integer(300, "Metrics in a post at most", { min: 1 }),
    queue_max_interval: integer(60, "Without effect: each run is sent when it ends"),
    include_filters: patterns(["^.*"], "match", "Send only names that one of these matches"),
    ...httpOptions,
  },

  largest: ({ queue_max_size }) => queue_max_size,
  open({ host, options }) {
    const { url, user, apikey } = options;
    const nameOf = ({ series: { prefix, collector, name } }: Metric) =>
      [options.apply_metric_prefix ? prefix : "", collector, name].filter((part) => part !== "")
        .join(".");
    return {
      async write(batch, signal) {
        const wanted = batch.filter((metric) =>
          matchesAny(options.include_filters, nameOf(metric))
        );
        if (wanted.length === 0) return;
        const body = libratoBody(wanted, nameOf);
        const login = { ...options, user, password: apikey };
        await post(host, login, { url, type: "application/json", body }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

/** Counters are sent as what they counted, gauges as they are. */
function libratoBody(
  batch: readonly Metric[],
  nameOf: (metric: Metric) => string,
): string {
  const gauges: object[] = [];
  const counters: object[] = [];
  for (const metric of batch) {
    const { series, value, timestamp, raw } = metric;
    const isCounter = series.kind === "counter" && raw !== undefined;
    (isCounter ? counters : gauges).push({
      name: nameOf(metric),
      value: isCounter ? Number(raw) : value,
      source: series.host,
      measure_time: timestamp,
    });
  }
  return JSON.stringify({ gauges, counters });
}
