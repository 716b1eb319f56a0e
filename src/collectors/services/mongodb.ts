/** Source: https://www.mongodb.com/docs/manual/reference/command/serverStatus/ */

import {
  type Context,
  counter,
  defineCollector,
  everySystem,
  gauge,
} from "../../core/collector.ts";
import { crc32 } from "../../core/hash.ts";
import {
  bool,
  list,
  matchesAny,
  number,
  patterns,
  secret,
  text,
  type Values,
} from "../../core/option.ts";
import { flatten } from "../../formats/flatten.ts";
import type { MongoConnection, MongoDocument } from "../../ports/mongo.ts";
import { each } from "../../protocols/each.ts";

const options = {
  hosts: list(["localhost"], "Servers: [alias@]host[:port]"),
  host: text("", "One server, in the place of hosts"),
  user: text("", "The user to log in as"),
  passwd: secret("", "The user's password"),
  ssl: bool(false, "Encrypt the connection"),
  network_timeout: number(0, "Without effect: collect_timeout bounds a run"),
  databases: patterns([".*"], "match", "Databases to publish, from the beginning of their names"),
  ignore_collections: patterns(["^tmp\\.mr\\."], "match", "Collections to leave out"),
  collection_sample_rate: number(1, "Part of the collections to publish", { min: 0, max: 1 }),
  simple: bool(false, "Of serverStatus only connections, globalLock and indexCounters"),
  translate_collections: bool(false, "Publish a.b as a_b in names of collections"),
  replace_dashes_in_metric_keys: bool(true, "Publish a-b as a.b in keys"),
  replica: bool(false, "Publish the replica set"),
  replset_node_name: text("_id", "The key of a member that stands for it in names"),
};
const SERVER_UNITS = {
  byte: "*.bytesIn *.bytesOut *.bytes",
  MiB: "mem.resident mem.virtual mem.mapped*",
  ms: "uptimeMillis *_ms",
  us: "*Micros.*",
  s: "uptime",
};
const DATA_UNITS = { byte: "*Size *.size size *Sizes.* *.sizes.*" };
const metrics = {
  "{server}.{field}": gauge("A figure of serverStatus", 0, SERVER_UNITS),
  "{server}.{group}_per_sec.{field}": counter("Operations, traffic, page faults, flushes", 0, {
    unit: { "byte/s": "bytes*" },
  }),
  "{server}.percent.{field}": gauge(
    "Locks and misses, in percent of what they are part of",
    0,
    "percent",
  ),
  "{server}.databases.{database}.{field}": gauge("A figure of dbStats", 0, DATA_UNITS),
  "{server}.databases.{database}.{collection}.{field}": gauge(
    "A figure of collStats",
    0,
    DATA_UNITS,
  ),
  "{server}.replset.{field}": gauge("Members, and those that are healthy"),
  "{server}.replset.node.{node}.{field}": gauge("A figure of a member", 0, { s: "uptime" }),
};
type Mongodb = Context<typeof options, typeof metrics>;

const SIMPLE = ["connections", "globalLock", "indexCounters"];
const RATED = ["opcounters", "opcountersRepl", "network"];
const RATED_FIELDS = [["backgroundFlushing", "flushes"], ["extra_info", "page_faults"]] as const;
/** States of members that serve: PRIMARY and SECONDARY. */
const HEALTHY = 1;
const CRC_RANGE = 4_294_967_295;

interface MongoServer {
  readonly alias: string;
  readonly host: string;
  readonly port: number;
}

export default defineCollector({
  name: "MongoDBCollector",
  doc: "Connections, operations, databases, collections and replica sets of MongoDB",
  path: "mongo",
  sources: ["serverStatus", "dbStats", "collStats", "replSetGetStatus"],
  gone: { "MongoDB 3.0": "indexCounters.*, recordStats.*, workingSet.*" },
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    const { user, passwd, ssl } = options;
    const all = serversOf(options);
    await each(all, ({ host, port }) => `${host}:${port}`, async (server) => {
      const settings = { ...server, user, password: passwd, tls: ssl };
      await using connection = await host.mongo.connect(settings, signal);
      emitServer(context, server.alias, await connection.command("admin", { serverStatus: 1 }));
      if (options.replica) await emitReplicaSet(context, server.alias, connection);
      await emitDatabases(context, server.alias, connection);
    });
  },
});

function serversOf({ hosts, host }: Values<typeof options>): MongoServer[] {
  const items = host === "" ? hosts : [host];
  return items.map((item) => {
    const [, alias, name, port = "27017"] = /^(?:([^@]+)@)?(.*?)(?::(\d+))?$/.exec(item.trim())!;
    const inNames = items.length === 1 ? "" : item.trim().replace(/[:.]/g, "_");
    return { alias: alias ?? inNames, host: name || "localhost", port: Number(port) };
  });
}

function emitServer(
  { emit, delta, options }: Mongodb,
  server: string,
  status: MongoDocument,
): void {
  const shown = options.simple
    ? Object.fromEntries(SIMPLE.flatMap((key) => key in status ? [[key, status[key]]] : []))
    : status;
  flattened(shown, options, (field, value) => emit("{server}.{field}", value, server, field));
  for (const group of RATED) {
    flattened(status[group], options, (field, value) => {
      // What lies deeper, such as opcounters.deprecated, is not a counter.
      if (!field.includes(".")) {
        emit("{server}.{group}_per_sec.{field}", value, server, group, field);
      }
    });
  }
  for (const [group, field] of RATED_FIELDS) {
    const value = (status[group] as MongoDocument | undefined)?.[field];
    if (typeof value === "number") {
      emit("{server}.{group}_per_sec.{field}", value, server, group, field);
    }
  }
  const percent = (field: string, part: unknown, whole: unknown) => {
    if (typeof part !== "number" || typeof whole !== "number") return;
    const [grown, total] = [
      delta(`${server} ${field}`, part),
      delta(`${server} ${field} all`, whole),
    ];
    if (grown === undefined || total === undefined) return;
    emit("{server}.percent.{field}", total > 0 ? 100 * grown / total : grown, server, field);
  };
  const lock = status.globalLock as MongoDocument | undefined;
  const tree = (status.indexCounters as { btree?: MongoDocument } | undefined)?.btree;
  percent("globalLock.lockTime", lock?.lockTime, lock?.totalTime);
  percent("indexCounters.btree.misses", tree?.misses, tree?.accesses);
  const locks = Object.entries((status.locks ?? {}) as Record<string, MongoDocument>);
  for (const [name, { timeLockedMicros }] of locks) {
    const times = timeLockedMicros as Readonly<Record<string, number>> | undefined;
    if (times === undefined) continue;
    const database = name === "." ? "_global_" : name;
    const uptime = Number(status.uptimeMillis) * 10;
    percent(`locks.${database}.read`, times.r, uptime);
    percent(`locks.${database}.write`, (times.w ?? 0) + (times.W ?? 0), uptime);
  }
}

async function emitReplicaSet(
  { emit, options }: Mongodb,
  server: string,
  connection: MongoConnection,
): Promise<void> {
  const status = await connection.command("admin", { replSetGetStatus: 1 });
  const { members, ...rest } = status;
  const nodes = (members ?? []) as MongoDocument[];
  flattened(
    rest,
    options,
    (field, value) => emit("{server}.replset.{field}", value, server, field),
  );
  const healthy = nodes.filter(({ health }) => health === HEALTHY).length;
  emit("{server}.replset.{field}", healthy, server, "healthy_nodes");
  emit("{server}.replset.{field}", nodes.length, server, "total_nodes");
  for (const member of nodes) {
    const node = String(member[options.replset_node_name] ?? member._id).split(".")[0];
    flattened(
      member,
      options,
      (field, value) => emit("{server}.replset.node.{node}.{field}", value, server, node, field),
    );
  }
}

async function emitDatabases(
  { emit, options }: Mongodb,
  server: string,
  connection: MongoConnection,
): Promise<void> {
  const { databases } = await connection.command("admin", { listDatabases: 1, nameOnly: true });
  const names = ((databases ?? []) as { name: string }[]).map(({ name }) => name);
  for (const database of names.filter((name) => matchesAny(options.databases, name))) {
    const stats = await connection.command(database, { dbStats: 1 });
    flattened(
      stats,
      options,
      (field, value) =>
        emit("{server}.databases.{database}.{field}", value, server, database, field),
    );
    for (const collection of await collectionsOf(connection, database)) {
      const isLeftOut = matchesAny(options.ignore_collections, collection) ||
        crc32(collection) > options.collection_sample_rate * CRC_RANGE;
      if (isLeftOut) continue;
      const name = options.translate_collections ? collection.replaceAll(".", "_") : collection;
      const figures = await connection.command(database, { collStats: collection });
      flattened(
        figures,
        options,
        (field, value) =>
          emit(
            "{server}.databases.{database}.{collection}.{field}",
            value,
            server,
            database,
            name,
            field,
          ),
      );
    }
  }
}

async function collectionsOf(connection: MongoConnection, database: string): Promise<string[]> {
  const answer = await connection.command(database, { listCollections: 1, nameOnly: true });
  const { firstBatch = [] } = (answer.cursor ?? {}) as {
    firstBatch?: { name: string; type?: string }[];
  };
  return firstBatch.filter(({ type }) => type !== "view").map(({ name }) => name);
}

function flattened(
  document: unknown,
  { replace_dashes_in_metric_keys: isDashed }: Values<typeof options>,
  visit: (field: string, value: number) => void,
): void {
  const clean = (key: string) => {
    const word = key.replaceAll(" ", "_");
    return isDashed ? word.replaceAll("-", ".") : word;
  };
  flatten(document, visit, { booleans: true, clean });
}
