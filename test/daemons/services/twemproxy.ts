/** twemproxy before a memcached. */

import { writeFileSync } from "node:fs";
import { freePort } from "../../harness/agent_process.ts";
import { answers, type Daemon, type Figures, run, say } from "../daemon.ts";

export default {
  collector: "TwemproxyCollector",
  packages: { nutcracker: "nutcracker", memcached: "memcached", nc: "netcat-openbsd" },

  async start({ folder, port }) {
    const [behind, stats] = [await freePort(), await freePort()];
    const memcached = run("memcached", ["-l", "127.0.0.1", "-p", String(behind), "-u", "nobody"]);
    writeFileSync(
      `${folder}/nutcracker.yml`,
      `alpha:
  listen: 127.0.0.1:${port}
  hash: fnv1a_64
  distribution: ketama
  servers:
   - 127.0.0.1:${behind}:1
`,
    );
    const args = ["-c", `${folder}/nutcracker.yml`, "-a", "127.0.0.1", "-s", String(stats)];
    const proxy = run("nutcracker", args);
    await answers("nc", ["-z", "127.0.0.1", String(port)]);
    await answers("nc", ["-z", "127.0.0.1", String(behind)]);
    await answers("nc", ["-z", "127.0.0.1", String(stats)]);
    say("nc", ["-q", "1", "127.0.0.1", String(port)], "set a 0 0 1\r\nx\r\nget a\r\n");
    return {
      version: say("sh", ["-c", "nutcracker -V 2>&1"]).match(/nutcracker-([\d.]+)/)![1],
      options: `hosts = it@127.0.0.1:${stats},\n`,
      client: () => namesIn(JSON.parse(say("nc", ["-d", "127.0.0.1", String(stats)]))),
      stop: async () => {
        await proxy.stop();
        await memcached.stop();
      },
    };
  },
} satisfies Daemon;

// deno-lint-ignore no-explicit-any
function namesIn(answer: any): Figures {
  const found = new Map<string, number>();
  const add = (prefix: string, stats: Record<string, unknown>, inner: string) => {
    for (const [name, value] of Object.entries(stats)) {
      const part = name.replaceAll(".", "_");
      if (typeof value === "number" && name !== "timestamp") found.set(prefix + part, value);
      else if (typeof value === "object") {
        add(`${prefix}${inner}.${part}.`, value as Record<string, unknown>, "servers");
      }
    }
  };
  add("it.", answer, "pools");
  return found;
}
