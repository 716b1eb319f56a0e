/** The Redis of Sidekiq behind a Sentinel, which knows its port. */

import { writeFileSync } from "node:fs";
import { freePort } from "../../harness/agent_process.ts";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "SidekiqCollector",
  packages: { "redis-server": "redis-server", "redis-cli": "redis-tools" },

  async start({ folder, port }) {
    const behind = await freePort();
    const redis = run("redis-server", ["--port", String(behind), "--dir", folder, "--save", ""]);
    writeFileSync(
      `${folder}/sentinel.conf`,
      `port ${port}\ndir ${folder}\nsentinel monitor jobs 127.0.0.1 ${behind} 1\n`,
    );
    const sentinel = run("redis-server", [`${folder}/sentinel.conf`, "--sentinel"]);
    const ask = (...words: string[]) => say("redis-cli", ["-p", String(behind), ...words]);
    await answers("redis-cli", ["-p", String(behind), "PING"]);
    await answers("sh", ["-c", `redis-cli -p ${port} SENTINEL master jobs | grep -q num-slaves`]);
    ask("SADD", "queues", "default");
    ask("LPUSH", "queue:default", "1", "2");
    return {
      version: say("redis-server", ["--version"]).match(/v=(\S+)/)![1],
      options:
        `host = 127.0.0.1\nports = 6379\nsentinel_ports = ${port}\nsentinel_name = jobs\ndatabases = 2\n`,
      client: () =>
        new Map([
          ["queue.6379.0.default", Number(ask("LLEN", "queue:default"))],
          ["queue.6379.1.retry", 0],
        ]),
      stop: async () => {
        for (const { stop } of [sentinel, redis]) await stop();
      },
    };
  },
} satisfies Daemon;
