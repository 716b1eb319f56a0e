/**
 * The last value of every series, for a Prometheus that asks.
 * Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 */

import { refused } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { HttpServerRequest, HttpServerResponse, Listener } from "../ports/http.ts";
import type { Metric } from "../core/metric.ts";
import { choice, integer, list, text } from "../core/option.ts";
import { expose, OPENMETRICS_TYPE, TEXT_TYPE } from "../formats/prometheus.ts";

export default defineHandler({
  name: "PrometheusHandler",
  doc: "Answers a Prometheus with the last value of every series",
  receipt: "none",
  options: {
    host: text("127.0.0.1", "Address to answer at; :: or 0.0.0.0 for everybody"),
    port: integer(9109, "Port to answer at", { min: 1, max: 65_535 }),
    allowed_hosts: list(
      [],
      "At a loopback address: names under which it is asked besides localhost, such as a proxy's; others are refused",
    ),
    path: text("/metrics", "What is asked for"),
    prefix: text("diamond", "What names begin with"),
    max_series: integer(
      100_000,
      "Series at most; over it those that are out of date make room, and new ones are left out, counted",
      { min: 1 },
    ),
    spool: choice("off", ["off"], "Only the last values count, so nothing is spooled"),
  },

  open({ host, options }) {
    const last = new Map<string, Metric>();
    let listener: Listener | undefined;

    function forgetOld(): void {
      const now = host.clock.now() / 1000;
      for (const [key, { series, timestamp }] of last) {
        if (timestamp + series.ttl < now) last.delete(key);
      }
    }

    /** Returns what finds no room. */
    function keep(batch: readonly Metric[]): Metric[] {
      const { max_series: max } = options;
      // More than there is room for are looked at once a batch.
      if (last.size + batch.length > max) forgetOld();
      return batch.filter((metric) => {
        const { path } = metric.series;
        if (last.size >= max && !last.has(path)) return true;
        last.set(path, metric);
        return false;
      });
    }

    function answer({ path, headers }: HttpServerRequest): HttpServerResponse {
      if (path !== options.path) {
        return { status: 404, type: "text/plain", body: `There is only ${options.path}\n` };
      }
      forgetOld();
      const isOpen = (headers.accept ?? "").includes("application/openmetrics-text");
      return {
        status: 200,
        type: isOpen ? OPENMETRICS_TYPE : TEXT_TYPE,
        body: expose(last.values(), options.prefix, isOpen ? "openmetrics" : "text"),
      };
    }

    return {
      async write(batch) {
        const leftOut = keep(batch);
        listener ??= await host.net.listen({
          host: options.host,
          port: options.port,
          allowedHosts: options.allowed_hosts,
        }, answer);
        if (leftOut.length === 0) return;
        const error = refused(`there are max_series = ${options.max_series} series already`);
        error.points = leftOut;
        throw error;
      },
      async [Symbol.asyncDispose]() {
        await listener?.close();
      },
    };
  },
});
