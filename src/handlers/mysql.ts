/** A row for each metric in a table of MySQL or MariaDB. */

import { messageOf } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { MysqlConnection } from "../ports/mysql.ts";
import type { Metric } from "../core/metric.ts";
import { integer, needed, secret, text } from "../core/option.ts";
import { fixed } from "../formats/fixed.ts";
import { insertStatement, upsertStatement } from "../formats/mysql.ts";
import { tlsOptions, tlsSettings } from "../protocols/tls.ts";

export default defineHandler({
  name: "MySQLHandler",
  doc: "Writes metrics into a table of MySQL or MariaDB",
  receipt: "application",
  options: {
    hostname: text("localhost", "Name or address of the server"),
    port: integer(3306, "Its port", { min: 1, max: 65_535 }),
    socket: text("", "Path of the server's unix socket, instead of hostname and port"),
    username: needed(text("", "The user to log in as")),
    password: secret("", "The user's password"),
    database: needed(text("", "The database")),
    table: needed(
      text("metrics", "The table; `diamond-agent schema mysql` prints what it looks like"),
    ),
    col_time: text("timestamp", "Column for the time, in seconds since the epoch"),
    col_metric: text("metric", "Column for the path"),
    col_value: text("value", "Column for the value"),
    ...tlsOptions,
  },

  open({ host, options, log }) {
    let connection: MysqlConnection | undefined;
    let statement = upsertStatement(options);
    const settings = {
      host: options.hostname,
      port: options.port,
      socket: options.socket,
      user: options.username,
      password: options.password,
      database: options.database,
      tls: options.tls ? tlsSettings(options) : undefined,
    };
    return {
      async write(batch, signal) {
        if (connection?.open !== true) connection = await host.mysql.connect(settings, signal);
        const rows = batch.map(rowOf);
        try {
          await connection.insert(statement, rows, signal);
        } catch (error) {
          const plain = insertStatement(options);
          if (statement === plain || !isDenied(error)) throw error;
          // A user that was made for Diamond may only insert.
          await connection.insert(plain, rows, signal);
          statement = plain;
          log.warn(
            `${
              messageOf(error)
            }: rows are inserted without it, and may be there twice after a failure`,
          );
        }
      },
      async [Symbol.asyncDispose]() {
        await connection?.close();
      },
    };
  },
});

/** Source: https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html */
function isDenied(error: unknown): boolean {
  return /\(ER_(TABLE|COLUMN)ACCESS_DENIED_ERROR\)$/.test(messageOf(error));
}

/** Texts, as they always were: the server makes of them what its columns are. */
function rowOf({ series, value, timestamp }: Metric): string[] {
  return [series.path, `${timestamp}`, fixed(value, series.precision)];
}
