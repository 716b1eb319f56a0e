/** Redis at a unix socket, where only a user of its access list may ask, and may not ask for the settings. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, prefixed, renamed, run, say } from "../daemon.ts";

const NAMES = `clients.connected=connected_clients keyspace.hits=keyspace_hits
  process.commands_processed=total_commands_processed pubsub.channels=pubsub_channels`;

export default {
  collector: "RedisCollector",
  packages: { "redis-server": "redis-server", "redis-cli": "redis-tools" },

  async start({ folder }) {
    const socket = `${folder}/redis.sock`;
    const conf = `${folder}/redis.conf`;
    writeFileSync(
      conf,
      `port 0
unixsocket ${socket}
dir ${folder}
save ""
user default off
user watcher on >se/cret +info +ping +auth
`,
    );
    const server = run("redis-server", [conf]);
    const login = ["-s", socket, "--user", "watcher", "--pass", "se/cret", "--no-auth-warning"];
    await answers("redis-cli", [...login, "INFO"]);
    return {
      version: say("redis-server", ["--version"]).match(/v=(\S+)/)![1],
      options: `host = unix:${socket}\nuser = watcher\nauth = se/cret\n`,
      client() {
        const own = figuresIn(say("redis-cli", [...login, "INFO"]), /^(\w+):([\d.-]+)\r?$/gm);
        return prefixed("redis.", renamed(NAMES, own));
      },
      gone: { "redis.memory.used_percent": "the user may not ask for maxmemory" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
