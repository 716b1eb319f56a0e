/**
 * OpenTSDB, and what speaks like it, over HTTP or its telnet protocol.
 * Source: http://opentsdb.net/docs/build/html/api_http/put.html
 */

import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { bool, choice, integer, list, number, text } from "../core/option.ts";
import {
  type DataPoint,
  dataPoint,
  parseTags,
  putLine,
  rejectedPoints,
} from "../formats/opentsdb.ts";
import { openGraphite, plainConnection } from "../protocols/graphite.ts";
import { baseUrl, post, postOptions } from "../protocols/http_post.ts";

const encoder = new TextEncoder();
/** Source: http://opentsdb.net/docs/build/html/api_telnet/put.html */
const TELNET_REFUSAL = "put:";
const telnet = { ...plainConnection, proto: "tcp" } as const;

export default defineHandler({
  name: "TSDBHandler",
  doc: "Sends metrics to OpenTSDB",
  receipt: "application",
  options: {
    host: text("127.0.0.1", "Name or address of the server"),
    port: integer(4242, "Its port", { min: 1, max: 65_535 }),
    protocol: choice("http", ["http", "telnet"], "How points are put; telnet confirms nothing"),
    timeout: number(5, "Seconds that a connect or a write may take", { min: 0.1 }),
    prefix: text("", "What metric names begin with"),
    tags: list([], "Tags for all points, such as dc=us-east rack=r1"),
    cleanMetrics: bool(true, "Make tags of the parts of a name, such as the CPU or device"),
    skipAggregates: bool(true, "With cleanMetrics: leave sums out, such as cpu.total"),
    ...postOptions(),
  },

  open(context) {
    const { host, options } = context;
    const names = {
      prefix: options.prefix,
      tags: parseTags(options.tags),
      clean: options.cleanMetrics,
      skipAggregates: options.skipAggregates,
    };
    if (options.protocol === "telnet") {
      return openGraphite(context, options.host, { ...telnet, ...options }, (batch) => {
        const points = batch.map((metric) => dataPoint(metric, names));
        return encoder.encode(points.map((point) => (point ? putLine(point) : "")).join(""));
      }, TELNET_REFUSAL);
    }
    const url = `${baseUrl(options.tls, options.host, options.port)}/api/put?details`;
    return {
      async write(batch, signal) {
        const metrics: Metric[] = [];
        const points: DataPoint[] = [];
        for (const metric of batch) {
          const point = dataPoint(metric, names);
          if (point === undefined) continue;
          metrics.push(metric);
          points.push(point);
        }
        if (points.length === 0) return;
        await post(host, options, {
          url,
          type: "application/json",
          body: JSON.stringify(points),
          rejected: (answer) => rejectedPoints(answer, points).map((index) => metrics[index]),
        }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});
