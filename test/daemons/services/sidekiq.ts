/** Redis with the keys that Sidekiq would write. */

import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "SidekiqCollector",
  packages: { "redis-server": "redis-server", "redis-cli": "redis-tools" },
  fast: true,

  async start({ folder, port }) {
    const args = ["--port", String(port), "--dir", folder, "--save", "", "--databases", "4"];
    const server = run("redis-server", [...args, "--requirepass", "se,cret"]);
    const login = ["-p", String(port), "-a", "se,cret", "--no-auth-warning"];
    await answers("redis-cli", [...login, "INFO"]);
    const redis = (...words: string[]) => Number(say("redis-cli", [...login, ...words]));
    redis("SADD", "queues", "default", "mail.out");
    redis("LPUSH", "queue:default", "1", "2", "3");
    redis("ZADD", "retry", "1", "a");
    redis("-n", "1", "ZADD", "schedule", "1", "a", "2", "b");
    return {
      version: say("redis-server", ["--version"]).match(/v=(\S+)/)![1],
      options: `host = 127.0.0.1\nports = ${port}\npassword = "se,cret"\ncluster_prefix = it\n`,
      client() {
        const name = (database: number, queue: string) => `queue.it.${port}.${database}.${queue}`;
        return new Map([
          [name(0, "default"), redis("LLEN", "queue:default")],
          [name(0, "mail.out"), redis("LLEN", "queue:mail.out")],
          [name(0, "schedule"), redis("ZCARD", "schedule")],
          [name(0, "retry"), redis("ZCARD", "retry")],
          [name(1, "schedule"), redis("-n", "1", "ZCARD", "schedule")],
          [name(3, "retry"), redis("-n", "3", "ZCARD", "retry")],
        ]);
      },
      gone: { [`queue.it.${port}.4.retry`]: "the server has 4 databases" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
