/** MySQL and MariaDB by mysql2, for collectors, over a connection of our own. All values come as text, as the server wrote them. */

import { addressText } from "../../core/option.ts";
import type { SqlConnection, SqlSettings } from "../../ports/sql.ts";
import { secureContext } from "../net/tls.ts";
import { firstBytes, mistaken, openSocket } from "./socket.ts";
import { textRow, within } from "./within.ts";

/** A server's greeting, or its error. */
const GREETING = /^[^]{3}\0[\x0a\xff]/;
const GREETING_BYTES = 5;

export async function connectMysql(
  settings: SqlSettings,
  signal: AbortSignal,
): Promise<SqlConnection> {
  const { createConnection } = await import("mysql2/promise");
  const { host, port, user, password, database, tls } = settings;
  const where = addressText(settings);
  const inTime = <T>(work: () => Promise<T>) => within(work, where, signal);
  const stream = await inTime(() => openSocket(settings, signal));
  try {
    const said = await inTime(() => firstBytes(stream, GREETING_BYTES, where));
    if (!GREETING.test(said)) throw mistaken(where, said);
    const connection = await inTime(() => {
      const connecting = createConnection({
        host,
        port,
        stream,
        user,
        password,
        ...(database !== "" && { database }),
        charset: "utf8mb4",
        ...(tls && { ssl: { ...secureContext(tls), verifyIdentity: tls.verify } }),
        // As the server writes them: numbers may have more digits than a double.
        typeCast: (field, next) => field.type === "GEOMETRY" ? next() : field.string("utf8"),
      });
      stream.resume();
      return connecting;
    });
    // Without a listener an error of an idle connection would end the process.
    connection.on("error", () => {});
    return {
      async query(statement) {
        const ask = async () => (await connection.query(statement))[0] as Record<string, unknown>[];
        return (await inTime(ask)).map(textRow);
      },
      async [Symbol.asyncDispose]() {
        if (signal.aborted) return connection.destroy();
        await connection.end().catch(() => connection.destroy());
      },
    };
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
