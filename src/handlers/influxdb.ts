/**
 * InfluxDB's line protocol over HTTP, by the API of 0.9 and later or that of version 2.
 * Source: https://docs.influxdata.com/influxdb/v1/tools/api/#write-http-endpoint and …/v2/api/
 */

import { defineHandler } from "../core/handler.ts";
import { bool, choice, integer, number, secret, text } from "../core/option.ts";
import { influxLines, timePrecisions } from "../formats/influx_line.ts";
import { baseUrl, post, postOptions } from "../protocols/http_post.ts";

const { user: _, password: __, ...httpOptions } = postOptions();

export default defineHandler({
  name: "InfluxdbHandler",
  doc: "Sends metrics to InfluxDB",
  receipt: "application",
  options: {
    hostname: text("localhost", "Name or address of the server"),
    port: integer(8086, "Its port", { min: 1, max: 65_535 }),
    ssl: bool(false, "Encrypt the connection, as tls does"),
    influxdb_version: choice(
      "0.9",
      ["0.9", "1", "2"],
      "Which API: that of 0.9 to 1.x, or that of 2",
    ),
    username: text("root", "User, for 0.9 to 1.x"),
    password: secret("root", "The user's password"),
    database: text("graphite", "Database, for 0.9 to 1.x"),
    org: text("", "Organisation, for 2"),
    bucket: text("", "Bucket, for 2"),
    token: secret("", "Token, for 2"),
    time_precision: choice("s", timePrecisions, "Unit of the timestamps that are sent"),
    timeout: number(5, "Seconds that a write may take", { min: 0.1 }),
    batch_size: integer(1, "Without effect: each run is sent when it ends"),
    cache_size: integer(20_000, "Without effect: queue_bytes and the spool bound what waits"),
    ...httpOptions,
  },

  open({ host, options }) {
    const { hostname, port, username, password, token, time_precision: precision } = options;
    const base = baseUrl(options.tls || options.ssl, hostname, port);
    const isV2 = options.influxdb_version === "2";
    const parameters = isV2
      ? {
        org: options.org,
        bucket: options.bucket,
        precision: precision === "u" ? "us" : precision,
      }
      : { db: options.database, precision };
    const query = Object.entries(parameters).map(([key, value]) =>
      `${key}=${encodeURIComponent(value)}`
    );
    const url = `${base}${isV2 ? "/api/v2/write" : "/write"}?${query.join("&")}`;
    const headers: Record<string, string> = isV2 ? { authorization: `Token ${token}` } : {};
    const login = isV2 ? { user: "", password: "" } : { user: username, password };
    return {
      async write(batch, signal) {
        const body = influxLines(batch, precision);
        const type = "text/plain; charset=utf-8";
        await post(host, { ...options, ...login }, { url, type, body, headers }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});
