/** Commands that add metrics to a stream of Redis, and what it answers. Source: https://redis.io/docs/latest/commands/xadd/ */

import { fnv1a64 } from "../core/hash.ts";
import type { Metric } from "../core/metric.ts";
import { fixed } from "./fixed.ts";
import { graphiteLine } from "./graphite_line.ts";

export const entryFormats = ["fields", "line"] as const;
type EntryFormat = typeof entryFormats[number];

/** Names and values of an entry's fields. */
export function entryOf(metric: Metric, format: EntryFormat): readonly string[] {
  if (format === "line") return ["line", graphiteLine(metric).trimEnd()];
  const { series, value, timestamp } = metric;
  const text = fixed(value, series.precision);
  return ["path", series.path, "value", text, "timestamp", String(timestamp)];
}

export function addCommand(stream: string, most: number, entry: readonly string[]): string[] {
  return ["XADD", stream, "MAXLEN", "~", String(most), "*", ...entry];
}

/** For a server that an agent has not written to for so long, what is in doubt is in doubt. */
const NOTE_SECONDS = 7 * 86_400;

/**
 * Adds entries and notes down which, if the last note is the one that the agent knows. So what was sent twice, or comes
 * late by an old connection, is added once.
 */
const SCRIPT = `
local last = redis.call('HGET', KEYS[2], 'write') or ''
if last ~= ARGV[1] then return 0 end
local words = tonumber(ARGV[5])
for at = 6, #ARGV, words do
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', unpack(ARGV, at, at + words - 1))
end
redis.call('HSET', KEYS[2], 'write', ARGV[2], 'points', ARGV[3])
redis.call('EXPIRE', KEYS[2], ${NOTE_SECONDS})
return 1`.trim();

/** What an agent has written to a stream last: the name of the write, and its points. */
export interface Note {
  readonly write: string;
  readonly points: ReadonlySet<string>;
}

/** Beside the stream, also in a cluster: in braces stands what chooses the server. */
export function noteKey(stream: string, producer: string): string {
  return `${/\{[^}]+\}/.test(stream) ? stream : `{${stream}}`}:from:${producer}`;
}

export function readNoteCommand(key: string): string[] {
  return ["HMGET", key, "write", "points"];
}

export function noteIn(reply: unknown): Note {
  const [write, points] = Array.isArray(reply) ? reply : [];
  const names = typeof points === "string" && points !== "" ? points.split(" ") : [];
  return { write: typeof write === "string" ? write : "", points: new Set(names) };
}

/** Tells a point from all others of a write. */
export function pointName(metric: Metric): string {
  return fnv1a64(graphiteLine(metric));
}

interface NotedWrite {
  readonly stream: string;
  readonly key: string;
  /** The last write's name, and this one's. */
  readonly last: string;
  readonly write: string;
  readonly names: readonly string[];
  readonly most: number;
  readonly entries: readonly (readonly string[])[];
}

/** Answered with 1, or with 0 where another write was the last one. */
export function notedAddCommand(
  { stream, key, last, write, names, most, entries }: NotedWrite,
): string[] {
  const settings = [last, write, names.join(" "), String(most), String(entries[0].length)];
  return ["EVAL", SCRIPT, "2", stream, key, ...settings, ...entries.flat()];
}

/** What to do about an error of the server, by the word that it has for it; "" where waiting is all. */
export function todoFor(error: string, stream: string): string {
  const [, said = ""] = / says: (.*)/s.exec(error) ?? [];
  const [, todo = ""] = TODO.find(([word]) => new RegExp(`\\b(?:${word})\\b`).test(said)) ?? [];
  return todo.replace("STREAM", stream);
}

const TODO: readonly (readonly [string, string])[] = [
  ["WRONGTYPE", 'there is something else in "STREAM": name another stream'],
  ["OOM", "lower maxlen, or raise the server's maxmemory"],
  ["READONLY", "this is a replica: name its primary in host"],
  ["MOVED|ASK", "another server of the cluster has this stream: name that one in host"],
  ["AUTH|NOAUTH|WRONGPASS", "look at username and password"],
  [
    "NOPERM",
    "give the user the rights on the stream, or set deduplicate = False if EVAL is missing",
  ],
  [
    "unknown command|Unknown Redis command",
    "it takes Redis 5 or later, or Valkey; for one without EVAL set deduplicate = False",
  ],
];
