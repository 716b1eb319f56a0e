/**
 * InfluxDB's line protocol over HTTP, by the API of 0.9 and later, of version 2 or of version 3.
 * Source: https://docs.influxdata.com/influxdb/v1/tools/api/#write-http-endpoint, …/v2/api/ and
 * https://docs.influxdata.com/influxdb3/core/api/
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
      ["0.9", "1", "2", "3"],
      "Which API: that of 0.9 to 1.x, of 2 or of 3",
    ),
    username: text("root", "User, for 0.9 to 1.x"),
    password: secret("root", "The user's password"),
    database: text("graphite", "Database, for 0.9 to 1.x and 3"),
    org: text("", "Organisation, for 2"),
    bucket: text("", "Bucket, for 2"),
    token: secret("", "Token, for 2 and 3"),
    time_precision: choice("s", timePrecisions, "Unit of the timestamps that are sent"),
    timeout: number(5, "Seconds that a write may take", { min: 0.1 }),
    batch_size: integer(1, "Without effect: each run is sent when it ends"),
    cache_size: integer(20_000, "Without effect: queue_bytes and the spool bound what waits"),
    ...httpOptions,
  },

  open({ host, options }) {
    const { hostname, port, username, password, time_precision: precision } = options;
    const { path, parameters, headers } = writeApi(options);
    const query = Object.entries(parameters).map(([key, value]) =>
      `${key}=${encodeURIComponent(value)}`
    );
    const url = `${baseUrl(options.tls || options.ssl, hostname, port)}${path}?${query.join("&")}`;
    const login = headers === undefined ? { user: username, password } : { user: "", password: "" };
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

/** Version 3 spells its units out. */
const UNITS = { s: "second", ms: "millisecond", u: "microsecond", ns: "nanosecond" } as const;

interface WriteApi {
  readonly path: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** With a token instead of a user and a password. */
  readonly headers?: Readonly<Record<string, string>>;
}

function writeApi(
  { influxdb_version: version, database, org, bucket, token, time_precision: precision }: {
    readonly influxdb_version: string;
    readonly database: string;
    readonly org: string;
    readonly bucket: string;
    readonly token: string;
    readonly time_precision: keyof typeof UNITS;
  },
): WriteApi {
  if (version === "3") {
    return {
      path: "/api/v3/write_lp",
      parameters: { db: database, precision: UNITS[precision] },
      // A server that was started without logins is sent none.
      headers: token === "" ? {} : { authorization: `Bearer ${token}` },
    };
  }
  if (version === "2") {
    return {
      path: "/api/v2/write",
      parameters: { org, bucket, precision: precision === "u" ? "us" : precision },
      headers: { authorization: `Token ${token}` },
    };
  }
  return { path: "/write", parameters: { db: database, precision } };
}
