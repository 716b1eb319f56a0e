/** Metrics in the body of an HTTP POST, as lines or as JSON. */

import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { choice, integer, url } from "../core/option.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { headerOptions, ownHeaders, post, postOptions } from "../protocols/http_post.ts";

export default defineHandler({
  name: "HttpPostHandler",
  doc: "Posts metrics to an HTTP server, as Graphite lines or as JSON",
  receipt: "application",
  options: {
    url: url("http://localhost/blah/blah/blah", "Where to post to, http or https"),
    batch: integer(100, "Metrics in a post at most", { min: 1 }),
    format: choice("PLAIN", ["PLAIN", "JSON"], "Lines with a blank one between them, or JSON"),
    ...headerOptions,
    ...postOptions(),
  },

  largest: ({ batch }) => batch,
  open({ host, options }) {
    const isJson = options.format === "JSON";
    const type = isJson ? "application/json" : "application/x-www-form-urlencoded";
    const headers = ownHeaders(options);
    if (isJson) headers.accept = "application/json";
    const encode = isJson ? jsonBody : plainBody;
    return {
      async write(batch, signal) {
        await post(host, options, {
          url: options.url,
          type,
          body: encode(batch),
          headers,
          anyAnswer: true,
        }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

export function plainBody(batch: readonly Metric[]): string {
  return batch.map(graphiteLine).join("\n");
}

export function jsonBody(batch: readonly Metric[]): string {
  const metric = batch.map(({ series, value, timestamp }) => ({
    path: series.path,
    value,
    timestamp,
    precision: series.precision,
    host: series.host,
    ttl: series.ttl,
  }));
  return JSON.stringify({ metric });
}
