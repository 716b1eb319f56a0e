/** HAProxy with a frontend, a backend of one dead server, and its stats socket; socat's place takes `nc -U`. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "HAProxyCollector",
  packages: { haproxy: "haproxy", nc: "netcat-openbsd" },
  fast: true,

  async start({ folder, port }) {
    const socket = `${folder}/stats.sock`;
    writeFileSync(
      `${folder}/haproxy.cfg`,
      `global
  stats socket ${socket} mode 666
defaults
  mode http
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend fe
  bind 127.0.0.1:${port}
  default_backend Shop.1
backend Shop.1
  server s1 127.0.0.1:9 check inter 60s
`,
    );
    const server = run("haproxy", ["-f", `${folder}/haproxy.cfg`]);
    const ask = (question: string) => say("nc", ["-N", "-U", socket], `${question}\n`);
    await answers("nc", ["-z", "127.0.0.1", String(port)]);
    return {
      version: ask("show info").match(/^Version: (\S+)/m)![1],
      options: `method = unix\nsock = ${socket}\nignore_servers = True\n`,
      client() {
        const [heading, ...rows] = ask("show stat").trim().split("\n").map((line) =>
          line.replace("# ", "").split(",")
        );
        const found = new Map<string, number>();
        for (const [proxy, server, ...cells] of rows) {
          if (!["FRONTEND", "BACKEND"].includes(server)) continue;
          for (const [at, cell] of cells.entries()) {
            if (cell === "" || heading[at + 2] === "") continue;
            const value = Number(cell);
            const parts = [proxy, server].map((part) => part.toLowerCase().replace(/[^\w-]/g, "_"));
            found.set([...parts, heading[at + 2]].join("."), Number.isNaN(value) ? 1 : value);
          }
        }
        return found;
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
