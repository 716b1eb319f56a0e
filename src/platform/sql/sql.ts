/**
 * Databases that collectors ask: PostgreSQL by postgres.js, MySQL and MariaDB by mysql2. Each is loaded when
 * a collector first connects. All values come as text, as the server wrote them.
 */

import { badData, codeOf, messageOf, timedOut, undelivered } from "../../core/errors.ts";
import type { Sql, SqlConnection, SqlRow, SqlSettings } from "../../ports/sql.ts";
import { secureContext } from "../net/tls.ts";
import { greetedSocket } from "./greeting.ts";

const CLOSE_SECONDS = 1;

export const realSql: Sql = {
  connect: (kind, settings, signal) =>
    kind === "postgres" ? connectPostgres(settings, signal) : connectMysql(settings, signal),
};

async function connectPostgres(settings: SqlSettings, signal: AbortSignal): Promise<SqlConnection> {
  const { default: postgres } = await import("postgres");
  const { host, port, socket, user, password, database, tls } = settings;
  const where = addressOf(settings);
  const text = { to: 0, from: [], serialize: String, parse: (value: string) => value };
  const client = postgres({
    host,
    port,
    ...(socket !== "" &&
      { path: socket.includes(".s.PGSQL.") ? socket : `${socket}/.s.PGSQL.${port}` }),
    user,
    password,
    database,
    ssl: tls === undefined ? false : { ...secureContext(tls), servername: tls.serverName || host },
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    prepare: false,
    onnotice: () => {},
    connection: { application_name: "diamond-agent" },
    types: { text },
  });
  const query = (statement: string) =>
    within(
      async () => (await client.unsafe(statement).simple()) as unknown as Record<string, unknown>[],
      { signal, where, giveUp: () => void client.end({ timeout: 0 }) },
    );
  const connection = {
    query: async (statement: string) => (await query(statement)).map(textRow),
    [Symbol.asyncDispose]: () => client.end({ timeout: CLOSE_SECONDS }).catch(() => {}),
  };
  try {
    await query("SELECT 1");
  } catch (error) {
    // Whoever waits has a deadline, which may be over.
    client.end({ timeout: 0 }).catch(() => {});
    throw error;
  }
  return connection;
}

async function connectMysql(settings: SqlSettings, signal: AbortSignal): Promise<SqlConnection> {
  const { createConnection } = await import("mysql2/promise");
  const { host, user, password, database, tls } = settings;
  const where = addressOf(settings);
  const stream = await greetedSocket(settings, where, signal);
  const connecting = createConnection({
    stream,
    host,
    user,
    password,
    ...(database !== "" && { database }),
    charset: "utf8mb4",
    ...(tls && { ssl: { ...secureContext(tls), verifyIdentity: tls.verify } }),
    // As the server writes them: numbers may have more digits than a double.
    typeCast: (field, next) => field.type === "GEOMETRY" ? next() : field.string("utf8"),
  });
  stream.resume();
  const giveUp = () => {
    stream.destroy();
    connecting.then((late) => late.destroy(), () => {});
  };
  const connection = await within(() => connecting, { signal, where, giveUp });
  // Without a listener an error of an idle connection would end the process.
  connection.on("error", () => {});
  return {
    async query(statement) {
      const ask = async () => (await connection.query(statement))[0] as Record<string, unknown>[];
      return (await within(ask, { signal, where, giveUp })).map(textRow);
    },
    async [Symbol.asyncDispose]() {
      await connection.end().catch(() => connection.destroy());
    },
  };
}

interface Limits {
  readonly signal: AbortSignal;
  readonly where: string;
  giveUp(): void;
}

/** Runs something that may wait, until the signal. Throws failures only. */
async function within<T>(work: () => Promise<T>, { signal, where, giveUp }: Limits): Promise<T> {
  const late = Promise.withResolvers<never>();
  const onAbort = () => late.reject(timedOut(`${where} did not answer in time`, signal.reason));
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const working = work();
    working.catch(() => {});
    return await Promise.race([working, late.promise]);
  } catch (error) {
    if (signal.aborted) giveUp();
    throw failureOf(error, where);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** A server that answers with an error has a five-character state; anything else is the connection. */
function failureOf(error: unknown, where: string): unknown {
  if (codeOf(error) !== undefined) return error;
  const { code, sqlState } = error as { code?: string; sqlState?: string };
  const isAnswer = sqlState !== undefined || /^[0-9A-Z]{5}$/.test(code ?? "");
  const message = `${where} says: ${messageOf(error)}`;
  return isAnswer ? badData(message, error) : undelivered(`Cannot ask ${where}`, error);
}

function textRow(row: Readonly<Record<string, unknown>>): SqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value === null || value === undefined ? null : String(value),
    ]),
  );
}

function addressOf({ host, port, socket }: SqlSettings): string {
  return socket === "" ? `${host}:${port}` : socket;
}
