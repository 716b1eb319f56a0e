/** PostgreSQL by postgres.js, over a connection of our own. All values come as text, as the server wrote them. */

import type { Socket } from "node:net";
import { addressText } from "../../core/option.ts";
import type { SqlConnection, SqlSettings } from "../../ports/sql.ts";
import { namedPeer, secureContext } from "../net/tls.ts";
import { closedEarly, latin1, mistaken, openSocket } from "./socket.ts";
import { textRow, within } from "./within.ts";

const CLOSE_SECONDS = 1;
const TEXT = { to: 0, from: [], serialize: String, parse: (value: string) => value };
/** The first message of a server, and its answer to the question whether it encrypts. */
const FIRST_MESSAGE = /^[REv]\0\0/;
const TLS_ANSWER = /^[SN]$|^E\0\0/;

export async function connectPostgres(
  settings: SqlSettings,
  signal: AbortSignal,
): Promise<SqlConnection> {
  const { default: postgres } = await import("postgres");
  const { host, port, user, password, database, tls } = settings;
  const where = addressText(settings);
  // The library's types do not know it.
  const socket = { socket: oneAttempt(settings, signal) };
  const client = postgres({
    host,
    port,
    ...socket,
    user,
    password,
    database,
    ssl: tls === undefined
      ? false
      : { ...secureContext(tls), ...namedPeer(tls.serverName || host) },
    max: 1,
    backoff: () => 0,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    prepare: false,
    onnotice: () => {},
    connection: { application_name: "diamond-agent" },
    types: { text: TEXT },
  });
  const query = (statement: string) =>
    within(
      async () => (await client.unsafe(statement).simple()) as unknown as Record<string, unknown>[],
      where,
      signal,
    );
  const asked = {
    query: async (statement: string) => (await query(statement)).map(textRow),
    [Symbol.asyncDispose]: () =>
      client.end({ timeout: signal.aborted ? 0 : CLOSE_SECONDS }).catch(() => {}),
  };
  try {
    await query(settings.firstQuery ?? "SELECT 1");
  } catch (error) {
    // Whoever waits has a deadline, which may be over.
    client.end({ timeout: 0 }).catch(() => {});
    throw error;
  }
  return asked;
}

/** The library connects again as long as nothing has answered: this passes the first failure to its second attempt. */
function oneAttempt(settings: SqlSettings, signal: AbortSignal): () => Promise<Socket> {
  const where = addressText(settings);
  const { port, socket: path, tls } = settings;
  const isFolder = path !== "" && !path.includes(".s.PGSQL.");
  const to = { ...settings, socket: isFolder ? `${path}/.s.PGSQL.${port}` : path };
  let end: Error | undefined;
  return async () => {
    if (end !== undefined) throw end;
    end = closedEarly(where);
    const socket = await openSocket(to, signal);
    socket.once("data", (bytes: Uint8Array) => {
      const said = latin1(bytes);
      if ((tls === undefined ? FIRST_MESSAGE : TLS_ANSWER).test(said)) return;
      end = mistaken(where, said);
      socket.destroy();
    });
    return socket;
  };
}
