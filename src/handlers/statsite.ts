/** Statsite's key-value lines over UDP or TCP: `path:42.26|kv`. */

import { defineHandler } from "../core/handler.ts";
import { integer, needed, number, text } from "../core/option.ts";
import type { Metric, Series } from "../core/metric.ts";
import { fixed } from "../formats/fixed.ts";
import { statsdNames } from "../formats/statsd.ts";
import { openGraphite, plainConnection } from "../protocols/graphite.ts";
import { tlsOptions } from "../protocols/tls.ts";

const encoder = new TextEncoder();

export default defineHandler({
  name: "StatsiteHandler",
  doc: "Sends metrics to Statsite",
  receipt: "transport",
  options: {
    host: needed(text("", "Name or address of the server")),
    udpport: integer(1234, "Its port for UDP; 0: TCP is used", { min: 0, max: 65_535 }),
    tcpport: integer(1234, "Its port for TCP", { min: 0, max: 65_535 }),
    timeout: number(5, "Seconds that a connect or a write may take", { min: 0.1 }),
    ...tlsOptions,
  },

  open(context) {
    const { options, log } = context;
    const nameOf = statsdNames((message) => log.warn(`StatsiteHandler: ${message}`));
    const connection = {
      ...plainConnection,
      ...options,
      proto: options.udpport > 0 ? "udp" : "tcp",
      port: options.udpport > 0 ? options.udpport : options.tcpport,
    } as const;
    return openGraphite(
      context,
      options.host,
      connection,
      (batch) => encodeKeyValues(batch, nameOf),
    );
  },
});

export function encodeKeyValues(
  batch: readonly Metric[],
  nameOf: (series: Series) => string = statsdNames(),
): Uint8Array {
  const lines = batch.map(({ series, value }) =>
    `${nameOf(series)}:${fixed(value, series.precision)}|kv\n`
  );
  return encoder.encode(lines.join(""));
}
