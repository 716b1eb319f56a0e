/** Source: https://redis.io/docs/latest/commands/info/ */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, number, secret, type Server, text } from "../../core/option.ts";
import { pairsOf } from "../../core/words.ts";
import { decimalsOf, numberIn } from "../../formats/flatten.ts";
import { eachServer } from "../../protocols/each.ts";
import { openRedis } from "../../protocols/redis.ts";
import { addressOf, serverOptions, serversOf } from "../../protocols/servers.ts";

/** Fields of INFO by the names that they are published under. */
const NAMES = pairsOf(`
  blocked_clients=clients.blocked connected_clients=clients.connected
  client_longest_output_list=clients.longest_output_list used_cpu_sys=cpu.parent.sys
  used_cpu_sys_children=cpu.children.sys used_cpu_user=cpu.parent.user
  used_cpu_user_children=cpu.children.user hash_max_zipmap_entries=hash_max_zipmap.entries
  hash_max_zipmap_value=hash_max_zipmap.value evicted_keys=keys.evicted expired_keys=keys.expired
  keyspace_hits=keyspace.hits keyspace_misses=keyspace.misses
  changes_since_last_save=last_save.changes_since last_save_time=last_save.time
  rdb_changes_since_last_save=last_save.changes_since rdb_last_save_time=last_save.time
  used_memory=memory.internal_view used_memory_rss=memory.external_view
  mem_fragmentation_ratio=memory.fragmentation_ratio uptime_in_seconds=process.uptime
  total_commands_processed=process.commands_processed pubsub_channels=pubsub.channels
  total_connections_received=process.connections_received pubsub_patterns=pubsub.patterns
  master_sync_in_progress=replication.master_sync_in_progress connected_slaves=slaves.connected
  master_last_io_seconds_ago=slaves.last_io
`);

const UNITS = {
  percent: "memory.used_percent",
  byte: "memory.*_view",
  s: "process.uptime cpu.* last_save.time_since",
};

export default defineCollector({
  name: "RedisCollector",
  doc: "Clients, memory, keys and replication of Redis and Valkey, from INFO",
  path: "redis",
  sources: ["INFO", "CONFIG GET maxmemory"],
  gone: { "Redis 2.6": "hash_max_zipmap.*", "Redis 5": "clients.longest_output_list" },
  systems: everySystem,
  options: {
    ...serverOptions("localhost", 6379),
    timeout: number(5, "Without effect: collect_timeout bounds a run"),
    user: text("", "User of an ACL; empty: the default user"),
    auth: secret("", "Password of servers that have none in instances"),
    db: integer(0, "The database to select", { min: 0 }),
    databases: integer(16, "Databases to publish, from 0 on", { min: 0 }),
  },
  metrics: {
    "{server}.{field}": gauge("A field of INFO, or what follows from some", 0, UNITS),
    "{server}.db{number}.{field}": gauge("Keys of a database, and how many expire", 0, {
      ms: "avg_ttl",
    }),
  },

  async collect({ host, options, emit, signal }) {
    const { user, auth, db: database, databases } = options;
    await eachServer(serversOf(options, auth), async (server) => {
      const login = { user, password: server.password || auth, database };
      using redis = await openRedis(host, addressOf(server), login, signal);
      const info = parseInfo(String(await redis.command("INFO")));
      const limit = await maxMemory(redis);
      const alias = aliasOf(server);
      for (const [field, written] of info) {
        const [name, value] = [NAMES.get(field), numberIn(written)];
        if (name !== undefined && value !== undefined) {
          emit("{server}.{field}", value, alias, name, { precision: decimalsOf(written) });
        }
        const [, number] = /^db(\d+)$/.exec(field) ?? [];
        if (number === undefined || Number(number) >= databases) continue;
        for (const [, key, count] of written.matchAll(/(\w+)=(\d+)/g)) {
          emit("{server}.db{number}.{field}", Number(count), alias, number, key);
        }
      }
      for (const [name, value, precision] of derived(info, limit, host.clock.now() / 1000)) {
        emit("{server}.{field}", value, alias, name, { precision });
      }
    });
  },
});

/** Lines such as `used_memory:1024`; `# Memory` heads a part. */
function parseInfo(info: string): Map<string, string> {
  const lines = info.matchAll(/^([^#:\r\n]+):([^\r\n]*)/gm);
  return new Map([...lines].map(([, key, value]) => [key, value]));
}

/** Undefined where the server does not let this user ask. */
async function maxMemory(
  redis: Awaited<ReturnType<typeof openRedis>>,
): Promise<number | undefined> {
  try {
    const [, limit] = await redis.command("CONFIG", "GET", "maxmemory") as string[];
    return numberIn(limit);
  } catch {
    return undefined;
  }
}

/** The port, or the name of the socket without its ending, where the operator wrote no alias. */
function aliasOf({ alias, port, socket }: Server): string {
  if (alias !== "") return alias;
  return socket === "" ? String(port) : socket.split("/").at(-1)!.replace(/\.[^.]*$/, "");
}

type Derived = [name: string, value: number, precision: number];

function* derived(
  info: Map<string, string>,
  limit: number | undefined,
  now: number,
): Generator<Derived> {
  const isMaster = info.get("role") === "master";
  const link = isMaster ? "down" : info.get("master_link_status");
  const used = numberIn(info.get("used_memory"));
  const saved = numberIn(info.get("rdb_last_save_time") ?? info.get("last_save_time"));
  if (used !== undefined && limit !== undefined) {
    yield ["memory.used_percent", limit > 0 ? 100 * used / limit : 0, 2];
  }
  yield ["replication.master", isMaster ? 1 : 0, 0];
  if (isMaster) yield ["replication.master_sync_in_progress", 0, 0];
  if (link !== undefined) yield ["replication.master_link_status", link === "up" ? 1 : 0, 0];
  if (saved !== undefined) yield ["last_save.time_since", Math.floor(now) - saved, 0];
}
