/** Redis with a password, a few keys and a limit of memory. */

import { answers, type Daemon, figuresIn, prefixed, renamed, run, say } from "../daemon.ts";

const NAMES = `
  clients.blocked=blocked_clients clients.connected=connected_clients
  cpu.parent.sys=used_cpu_sys cpu.children.sys=used_cpu_sys_children
  cpu.parent.user=used_cpu_user cpu.children.user=used_cpu_user_children
  keys.evicted=evicted_keys keys.expired=expired_keys keyspace.hits=keyspace_hits keyspace.misses=keyspace_misses
  last_save.changes_since=rdb_changes_since_last_save last_save.time=rdb_last_save_time
  memory.internal_view=used_memory memory.external_view=used_memory_rss
  memory.fragmentation_ratio=mem_fragmentation_ratio
  process.commands_processed=total_commands_processed
  process.connections_received=total_connections_received process.uptime=uptime_in_seconds
  pubsub.channels=pubsub_channels pubsub.patterns=pubsub_patterns slaves.connected=connected_slaves
`;

export default {
  collector: "RedisCollector",
  packages: { "redis-server": "redis-server", "redis-cli": "redis-tools" },
  fast: true,

  async start({ folder, port }) {
    const args = [
      "--port",
      String(port),
      "--dir",
      folder,
      "--save",
      "",
      "--requirepass",
      "se,cret",
    ];
    const server = run("redis-server", [...args, "--maxmemory", "8mb"]);
    const login = ["-p", String(port), "-a", "se,cret", "--no-auth-warning"];
    await answers("redis-cli", [...login, "INFO"]);
    for (const key of ["a", "b", "c"]) say("redis-cli", [...login, "SET", key, "1"]);
    say("redis-cli", [...login, "EXPIRE", "a", "1000"]);
    say("redis-cli", [...login, "GET", "a"]);
    return {
      version: say("redis-server", ["--version"]).match(/v=(\S+)/)![1],
      options: `instances = it@127.0.0.1:${port}\nauth = "se,cret"\n`,
      client() {
        const info = say("redis-cli", [...login, "INFO"]);
        const own = figuresIn(info, /^(\w+):([\d.-]+)\r?$/gm);
        const database = figuresIn(/^db0:(.*)/m.exec(info)?.[1] ?? "", /(\w+)=(\d+)/g);
        return new Map([
          ...prefixed("it.", renamed(NAMES, own)),
          ...prefixed("it.db0.", database),
          ["it.replication.master", 1],
          ["it.memory.used_percent", 100 * own.get("used_memory")! / own.get("maxmemory")!],
        ]);
      },
      gone: {
        "it.clients.longest_output_list":
          "not in INFO of 7.0, which has client_recent_max_output_buffer",
        "it.hash_max_zipmap.entries": "not in INFO of 7.0",
      },
      moves: {
        "it.memory.internal_view": 0.1,
        "it.memory.used_percent": 0.1,
        "it.memory.external_view": 0.1,
        "it.memory.fragmentation_ratio": 0.2,
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
