/** nginx with a page of stub_status. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "NginxCollector",
  packages: { nginx: "nginx-core", curl: "curl" },
  fast: true,

  async start({ folder, port }) {
    writeFileSync(
      `${folder}/nginx.conf`,
      `daemon off; pid ${folder}/pid; error_log ${folder}/errors;
events {}
http {
  access_log off;
  server { listen 127.0.0.1:${port}; location = /nginx_status { stub_status; } }
}
`,
    );
    const server = run("nginx", ["-c", `${folder}/nginx.conf`, "-e", `${folder}/errors`]);
    const url = `http://127.0.0.1:${port}/nginx_status`;
    await answers("curl", ["-sf", url]);
    return {
      version: say("sh", ["-c", "nginx -v 2>&1"]).match(/\/(\S+)/)![1],
      options: `req_host = 127.0.0.1\nreq_port = ${port}\n`,
      client() {
        const page = say("curl", ["-sf", url]);
        const [active, accepted, handled, requests, reads, writes, waits] = page.match(/\d+/g)!
          .map(Number);
        return new Map([
          ["active_connections", active],
          ["conn_accepted", accepted],
          ["conn_handled", handled],
          ["req_handled", requests],
          ["req_per_conn", requests / handled],
          ["act_reads", reads],
          ["act_writes", writes],
          ["act_waits", waits],
        ]);
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
