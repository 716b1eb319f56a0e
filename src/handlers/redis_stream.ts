/** Redis and Valkey: an entry of a stream for each metric, which the stream has once, however often it comes. */

import { Failure, messageOf, undelivered } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { bool, choice, integer, needed, secret, text } from "../core/option.ts";
import { entryFormats, todoFor } from "../formats/redis_stream.ts";
import { keepOpen } from "../protocols/kept_conversation.ts";
import { streamsOf } from "../protocols/redis_streams.ts";
import { tlsOptions, tlsSettings } from "../protocols/tls.ts";

/** The server does nothing else while it adds them, which takes it some milliseconds. */
const MAX_ENTRIES = 10_000;
const HOST = "{host}";

export default defineHandler({
  name: "RedisStreamHandler",
  doc: "Adds metrics to a stream of Redis or Valkey",
  receipt: "application",
  // What may have come already goes first, so that the note of the last write has it.
  ordered: true,
  options: {
    host: text("localhost", "Name or address of the server, or unix:/path"),
    port: integer(6379, "Its port", { min: 1, max: 65_535 }),
    username: text("", "User of an ACL; empty: the default user"),
    password: secret("", "The user's password"),
    db: integer(0, "The database to select", { min: 0 }),
    stream: needed(text("metrics", `The stream's key; ${HOST} in it stands for the metric's host`)),
    maxlen: integer(1_000_000, "Entries that the stream keeps, about", { min: 1 }),
    format: choice("fields", entryFormats, "An entry has path, value and timestamp, or a line"),
    deduplicate: bool(
      true,
      "Leave out what the server has of a batch that is sent again: needs EVAL, and a key beside the stream",
    ),
    producer: text("", "With deduplicate: the agent's name in that key; empty: this machine's"),
    ...tlsOptions,
  },

  largest: () => MAX_ENTRIES,
  open({ host, options }) {
    const { port, username: user, password, db: database, stream, tls } = options;
    const to = options.host.startsWith("unix:")
      ? { path: options.host.slice("unix:".length) }
      : { host: options.host, port, ...(tls && { tls: tlsSettings(options) }) };
    const settings = { to, login: { user, password, database }, ...options };
    const { talk, close } = keepOpen(streamsOf(host, settings));
    const own = host.names.hostname();
    const streamOf = ({ series }: Metric) => stream.replaceAll(HOST, series.host ?? own);
    return {
      async write(batch, signal) {
        const streams = stream.includes(HOST)
          ? Map.groupBy(batch, streamOf)
          : new Map([[stream, batch]]);
        for (const [name, metrics] of streams) {
          await talk(signal, (peer) => peer.add(name, metrics)).catch((error) => {
            throw withTodo(error, name);
          });
        }
      },
      [Symbol.asyncDispose]: close,
    };
  },
});

function withTodo(error: unknown, stream: string): unknown {
  const message = messageOf(error);
  const todo = error instanceof Failure ? todoFor(message, stream) : "";
  return todo === "" ? error : undelivered(`${message}: ${todo}`);
}
