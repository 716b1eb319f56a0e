/** HAProxy with a frontend, a backend of one dead server, its stats socket, and a page of statistics that wants a login. */

import { writeFileSync } from "node:fs";
import { freePort } from "../harness/agent_process.ts";
import { answers, type Place, run, say, type Service } from "./daemon.ts";

export const HAPROXY = { haproxy: "haproxy", nc: "netcat-openbsd" };

export async function haproxy({ folder, port }: Place, method: "unix" | "http"): Promise<Service> {
  const page = await freePort();
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
listen own
  bind 127.0.0.1:${page}
  stats enable
  stats show-legends
  stats uri /haproxy?stats
  stats auth admin:se,cret
`,
  );
  const server = run("haproxy", ["-f", `${folder}/haproxy.cfg`]);
  const ask = (question: string) => say("nc", ["-N", "-U", socket], `${question}\n`);
  await answers("nc", ["-z", "127.0.0.1", String(port)]);
  return {
    version: ask("show info").match(/^Version: (\S+)/m)![1],
    options: `method = ${method}
sock = ${socket}
url = "http://127.0.0.1:${page}/haproxy?stats;csv"
pass = "se,cret"
ignore_servers = True
`,
    client() {
      const [heading, ...rows] = ask("show stat").trim().split("\n").map((line) =>
        line.replace("# ", "").split(",")
      );
      const found = new Map<string, number>();
      for (const [proxy, server, ...cells] of rows) {
        // What counts the questions themselves is another one for each of the two ways.
        if (!["FRONTEND", "BACKEND"].includes(server) || proxy === "own") continue;
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
}
