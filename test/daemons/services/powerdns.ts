/** PowerDNS with a zone in a file. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, run, say } from "../daemon.ts";

/** Of the others only the growth is published. */
const GAUGES = `packetcache-size latency query-cache-size fd-usage qa-latency uptime
  key-cache-size meta-cache-size signature-cache-size zone-cache-size real-memory-usage
  ring-queries-size ring-queries-capacity security-status xfr-queue`.split(/\s+/);

export default {
  collector: "PowerDNSCollector",
  packages: {
    pdns_server: "pdns-server",
    "/usr/lib/x86_64-linux-gnu/pdns/libbindbackend.so": "pdns-backend-bind",
  },

  async start({ folder, port }) {
    writeFileSync(
      `${folder}/pdns.conf`,
      `launch=bind
bind-config=${folder}/named.conf
local-address=127.0.0.1
local-port=${port}
socket-dir=${folder}
security-poll-suffix=
`,
    );
    writeFileSync(
      `${folder}/named.conf`,
      `zone "x.test" { type master; file "${folder}/zone"; };\n`,
    );
    writeFileSync(
      `${folder}/zone`,
      "$TTL 60\n@ SOA ns.x.test. a.x.test. 1 60 60 60 60\n@ NS ns.x.test.\nns A 127.0.0.1\n",
    );
    const args = [`--config-dir=${folder}`];
    const server = run("pdns_server", [...args, "--daemon=no", "--guardian=no"]);
    const bin = `${folder}/pdns_control`;
    writeFileSync(bin, `#!/bin/sh\nexec pdns_control ${args} "$@"\n`, { mode: 0o755 });
    await answers(bin, ["list"]);
    return {
      version: say("sh", ["-c", "pdns_server --version 2>&1; true"]).match(/Server (\d\S+)/)![1],
      options: `bin = ${bin}\n`,
      client() {
        const stats = figuresIn(say(bin, ["list"]), /([\w-]+)=(\d+),/g);
        return new Map(GAUGES.flatMap((name) => {
          const value = stats.get(name);
          return value === undefined ? [] : [[name, value]];
        }));
      },
      moves: { "real-memory-usage": 0.2, "fd-usage": 0.3 },
      gone: { "cache-bytes": "only in a recursor", "qa-latency": "only in a recursor" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
