/** Adding metrics to streams of Redis, so that a batch that is sent again is there once. */

import { Failure, undelivered } from "../core/errors.ts";
import type { Metric } from "../core/metric.ts";
import {
  addCommand,
  type entryFormats,
  entryOf,
  type Note,
  notedAddCommand,
  noteIn,
  noteKey,
  pointName,
  readNoteCommand,
} from "../formats/redis_stream.ts";
import type { Host } from "../ports/host.ts";
import type { Address } from "../ports/net.ts";
import { openRedis, type Redis, type RedisLogin } from "./redis.ts";

interface StreamSettings {
  readonly to: Address;
  readonly login: RedisLogin;
  readonly maxlen: number;
  readonly format: typeof entryFormats[number];
  readonly deduplicate: boolean;
  readonly producer: string;
}

interface Streams extends Disposable {
  /** Throws where the server has not confirmed each of them. */
  add(stream: string, metrics: readonly Metric[]): Promise<void>;
}

type Add = (redis: Redis) => Streams["add"];

/** An agent that is named as this one may come in between so often. */
const MAX_TRIES = 3;
const NO_POINTS: ReadonlySet<string> = new Set();

/** Returns what connects and logs in. */
export function streamsOf(
  host: Host,
  settings: StreamSettings,
): (signal: AbortSignal) => Promise<Streams> {
  const adder = settings.deduplicate ? withNotes(host, settings) : plainly(settings);
  return async (signal) => {
    const redis = await openRedis(host, settings.to, settings.login, signal);
    return { add: adder(redis), [Symbol.dispose]: () => redis[Symbol.dispose]() };
  };
}

/** Where the server takes some of a batch, the others are sent again. */
function plainly({ maxlen, format }: StreamSettings): Add {
  const taken = new Set<string>();
  return (redis) => async (stream, metrics) => {
    const missing = metrics.filter((metric) => taken.size === 0 || !taken.has(pointName(metric)));
    const replies = await redis.commands(
      missing.map((metric) => addCommand(stream, maxlen, entryOf(metric, format))),
    );
    const error = replies.find((reply) => reply instanceof Failure);
    if (error === undefined) return taken.clear();
    for (const [at, reply] of replies.entries()) {
      if (!(reply instanceof Failure)) taken.add(pointName(missing[at]));
    }
    throw error;
  };
}

/** What was written last is read with the first write of a connection: any of it may be in the batch again. */
function withNotes(host: Host, { maxlen: most, format, producer }: StreamSettings): Add {
  const agent = producer || host.names.hostname();
  let writes = 0;
  return (redis) => {
    const notes = new Map<string, Note>();
    return async (stream, metrics) => {
      const key = noteKey(stream, agent);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const note = notes.get(stream) ?? noteIn(await ask(redis, readNoteCommand(key)));
        const named = metrics.map((metric) => ({ metric, name: pointName(metric) }));
        const missing = named.filter(({ name }) => !note.points.has(name));
        if (missing.length === 0) return;
        const write = `${host.clock.now()}-${host.self.pid}-${++writes}`;
        const names = missing.map(({ name }) => name);
        const entries = missing.map(({ metric }) => entryOf(metric, format));
        const command = { stream, key, last: note.write, write, names, most, entries };
        // Until none is left out any more, the next batch may begin with some of them.
        const points = missing.length < metrics.length ? note.points : NO_POINTS;
        if (await ask(redis, notedAddCommand(command)) === 1) {
          return void notes.set(stream, { write, points });
        }
        notes.delete(stream);
      }
      throw undelivered(
        `another agent writes to "${stream}" as "${agent}" too: give each its own name in producer`,
      );
    };
  };
}

async function ask(redis: Redis, command: readonly string[]): Promise<unknown> {
  const [reply] = await redis.commands([command]);
  if (reply instanceof Failure) throw reply;
  return reply;
}
