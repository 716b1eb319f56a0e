/**
 * SignalFx, which is Splunk Observability Cloud now.
 * Source: https://dev.splunk.com/observability/reference/api/ingest_data/latest#endpoint-send-metrics
 */

import { configError } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { integer, list, needed, secret, url } from "../core/option.ts";
import { pythonRegex } from "../core/python_regex.ts";
import { keyedPostOptions, post } from "../protocols/http_post.ts";

export default defineHandler({
  name: "SignalfxHandler",
  doc: "Sends metrics to SignalFx (Splunk Observability Cloud)",
  receipt: "application",
  options: {
    url: url(
      "https://ingest.signalfx.com/v2/datapoint",
      "Where to post to; with the account's realm: https://ingest.us1.signalfx.com/v2/datapoint",
    ),
    auth_token: needed(secret("", "The account's access token")),
    batch: integer(300, "Metrics in a post at most", { min: 1 }),
    batch_max_interval: integer(30, "Without effect: each run is sent when it ends"),
    filter_metrics_regex: list(
      [],
      "Send only these: a collector's name in paths, a colon, and a regular expression for its metrics",
    ),
    ...keyedPostOptions(),
  },

  largest: ({ batch }) => batch,
  open({ host, options }) {
    const isWanted = filter(options.filter_metrics_regex);
    const headers = { "x-sf-token": options.auth_token };
    return {
      async write(batch, signal) {
        const wanted = batch.filter(isWanted);
        if (wanted.length === 0) return;
        await post(host, options, {
          url: options.url,
          type: "application/json",
          body: bodyOf(wanted),
          headers,
        }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

/** All metrics where there is no rule. Throws `config`. */
function filter(rules: readonly string[]): (metric: Metric) => boolean {
  const parsed = rules.map((rule) => {
    const [, collector, expression] = /^([^:]+):(.*)$/s.exec(rule.trim()) ?? [];
    if (collector === undefined) {
      throw configError(`"${rule}" in filter_metrics_regex is not COLLECTOR:EXPRESSION`);
    }
    return { collector, matches: pythonRegex(expression, "match") };
  });
  return ({ series }) =>
    parsed.length === 0 ||
    parsed.some(({ collector, matches }) =>
      collector === series.collector && matches.test(series.name)
    );
}

function bodyOf(batch: readonly Metric[]): string {
  const byKind = Object.groupBy(batch, ({ series }) => series.kind);
  return JSON.stringify(
    Object.fromEntries(
      Object.entries(byKind).map(([kind, metrics]) => [kind, metrics.map(datapoint)]),
    ),
  );
}

function datapoint({ series, value, timestamp }: Metric) {
  const { collector, prefix, host, name } = series;
  return {
    metric: name,
    value,
    timestamp: timestamp * 1000,
    dimensions: { collector, prefix, ...(host !== null && { host }) },
  };
}
