/**
 * MySQL and MariaDB by mysql2: its protocol, logins and encryption are a project of their own. It is
 * loaded when a handler first connects.
 */

import type { Connection, ConnectionOptions, SslOptions } from "mysql2/promise";
import { type Failure, messageOf, refused, timedOut, undelivered } from "../../core/errors.ts";
import type { Mysql } from "../../ports/mysql.ts";
import type { SqlSettings } from "../../ports/sql.ts";
import type { TlsSettings } from "../../ports/tls.ts";
import { net } from "../runtime/node_modules.ts";
import { abortable } from "../net/abortable.ts";
import { secureContext } from "../net/tls.ts";

/**
 * What is wrong with a row, or with the size of all rows together.
 * Source: https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html
 */
const ABOUT_ROWS = new Set([
  "ER_DATA_TOO_LONG",
  "ER_WARN_DATA_OUT_OF_RANGE",
  "ER_TRUNCATED_WRONG_VALUE",
  "ER_TRUNCATED_WRONG_VALUE_FOR_FIELD",
  "ER_BAD_NULL_ERROR",
  "ER_INVALID_CHARACTER_STRING",
  "ER_CONSTRAINT_FAILED",
  "ER_NET_PACKET_TOO_LARGE",
]);

export const realMysql: Mysql = {
  async connect(settings, signal) {
    const where = settings.socket || `${settings.host}:${settings.port}`;
    const { createConnection } = await import("mysql2/promise");
    const connecting = createConnection(optionsOf(settings));
    const connection = await inTime(connecting, signal, where, () => {
      connecting.then((late) => late.destroy(), () => {});
    });
    let open = true;
    const end = () => void (open = false);
    // Without a listener an error of an idle connection would end the process.
    connection.on("error", end);
    connection.on("end", end);
    return {
      get open() {
        return open;
      },
      async insert(statement, rows, within) {
        try {
          const working = connection.query(statement, [rows]);
          await inTime(working, within, where, () => connection.destroy());
        } catch (error) {
          if (!isServersAnswer(error)) {
            open = false;
            connection.destroy();
          }
          throw error;
        }
      },
      close: () => closed(connection),
    };
  },
};

async function closed(connection: Connection): Promise<void> {
  try {
    await connection.end();
  } catch {
    connection.destroy();
  }
}

async function inTime<T>(
  work: Promise<T>,
  signal: AbortSignal,
  where: string,
  giveUp: () => void,
): Promise<T> {
  try {
    return await abortable(work, signal, () => timedOut(`${where} did not answer in time`));
  } catch (error) {
    if (signal.aborted) giveUp();
    throw failureOf(error, where);
  }
}

function failureOf(error: unknown, where: string): Failure {
  const { code } = error as { code?: string };
  if (code === "timeout") return error as Failure;
  const text = `${where} says: ${messageOf(error)}${code === undefined ? "" : ` (${code})`}`;
  return ABOUT_ROWS.has(code ?? "") ? refused(text, error) : undelivered(text, error);
}

/** The connection is sound: the server did not like the statement. */
function isServersAnswer(error: unknown): boolean {
  const { cause } = error as { cause?: { fatal?: boolean; sqlState?: string } };
  return cause?.sqlState !== undefined && cause.fatal !== true;
}

function optionsOf(settings: SqlSettings): ConnectionOptions {
  const { host, port, socket, user, password, database, tls } = settings;
  return {
    ...(socket === "" ? { host, port } : { socketPath: socket }),
    // The library looks for the name of the host in the certificate.
    ...(tls?.serverName && { host: tls.serverName, stream: () => net().connect({ host, port }) }),
    user,
    password,
    database,
    charset: "utf8mb4",
    enableKeepAlive: true,
    ...(tls && { ssl: sslOf(tls) }),
  };
}

function sslOf(tls: TlsSettings): SslOptions {
  return { ...secureContext(tls), verifyIdentity: tls.verify };
}
