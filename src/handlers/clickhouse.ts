/** A row for each metric in a table of ClickHouse, the one that graphite-clickhouse reads. */

import { configError, messageOf, undelivered } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import { fnv1a64 } from "../core/hash.ts";
import { integer, type Option, secret, text } from "../core/option.ts";
import {
  type ClickhouseTable,
  exceptionCode,
  insertQuery,
  isAboutValues,
  refusedSetting,
  rowsOf,
  todoFor,
} from "../formats/clickhouse.ts";
import type { HttpResponse } from "../ports/http.ts";
import { baseUrl, judge, keyedPostOptions, send } from "../protocols/http_post.ts";
import { ExactResend } from "../protocols/exact_resend.ts";

const [PLAIN_PORT, TLS_PORT] = [8123, 8443];
const TYPE = "text/tab-separated-values; charset=utf-8";

export default defineHandler({
  name: "ClickHouseHandler",
  doc: "Writes metrics into a table of ClickHouse, as graphite-clickhouse reads it",
  receipt: "application",
  options: {
    host: text("localhost", "Name or address of the server"),
    port: integer(0, "Its port for HTTP; 0: 8123, or 8443 with tls", { min: 0, max: 65_535 }),
    username: text("default", "The user to log in as"),
    password: secret("", "The user's password"),
    database: named(text("default", "The database")),
    table: named(
      text("graphite", "The table; `diamond-agent schema clickhouse` prints what it looks like"),
    ),
    ...keyedPostOptions(),
  },

  open({ host, options }) {
    const { database, table, username, password, tls } = options;
    const into = { database, table };
    const base = baseUrl(tls, options.host, options.port || (tls ? TLS_PORT : PLAIN_PORT));
    const headers = { "x-clickhouse-user": username, "x-clickhouse-key": password };
    const resend = new ExactResend();
    /** Settings that this server does not take. */
    const refused = new Set<string>();

    async function insert(body: string, signal: AbortSignal): Promise<void> {
      // A resend has the same rows, and so the same token.
      const settings = { insert_deduplication_token: fnv1a64(body), wait_for_async_insert: "1" };
      const known = Object.entries(settings).filter(([name]) => !refused.has(name));
      const parameters = [["query", insertQuery(into)], ...known].map(([name, value]) =>
        `${name}=${encodeURIComponent(value)}`
      );
      const url = `${base}/?${parameters.join("&")}`;
      const answer = await send(host, options, { url, type: TYPE, body, headers }, signal);
      const code = exceptionCode(answer);
      const setting = refusedSetting(code, answer.body, known.map(([name]) => name));
      if (setting !== undefined) {
        refused.add(setting);
        return await insert(body, signal);
      }
      judgeInsert(url, answer, into, username);
    }

    return {
      async write(batch, signal) {
        try {
          await resend.write(batch, {
            encode: (metrics) => rowsOf(metrics, Math.floor(host.clock.now() / 1000)),
            send: (body) => insert(body, signal),
          });
        } catch (error) {
          // It may be another server that comes back.
          refused.clear();
          throw error;
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});

function judgeInsert(
  url: string,
  answer: HttpResponse,
  into: ClickhouseTable,
  user: string,
): void {
  const code = exceptionCode(answer);
  if (code === undefined) return judge(url, answer, {});
  try {
    judge(url, answer, { faultOf: () => (isAboutValues(code) ? "points" : "server") });
  } catch (error) {
    const todo = todoFor(code, into, user);
    throw todo === "" ? error : undelivered(`${messageOf(error)}: ${todo}`);
  }
}

function named(option: Option<string>): Option<string> {
  return {
    ...option,
    parse(raw) {
      const name = option.parse(raw);
      if (/^[\w-]+$/.test(name)) return name;
      throw configError(`"${name}" is not a name: write letters, digits, "_" and "-"`);
    },
  };
}
