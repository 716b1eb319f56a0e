/** BIND with a zone of its own; its statistics in JSON say the same as those in XML. */

import { Resolver } from "node:dns/promises";
import { mkdirSync, writeFileSync } from "node:fs";
import { freePort } from "../../harness/agent_process.ts";
import { answers, type Daemon, prefixed, run, say } from "../daemon.ts";

export default {
  collector: "BindCollector",
  packages: { named: "bind9", curl: "curl" },
  fast: true,

  async start({ folder, port }) {
    const asked = await freePort();
    mkdirSync(`${folder}/bind`);
    writeFileSync(
      `${folder}/named.conf`,
      `options {
  directory "${folder}/bind"; listen-on port ${asked} { 127.0.0.1; }; listen-on-v6 { none; };
  pid-file none; recursion no; dnssec-validation no; session-keyfile none;
};
controls { };
statistics-channels { inet 127.0.0.1 port ${port} allow { 127.0.0.1; }; };
zone "x.test" { type primary; file "${folder}/zone"; };
`,
    );
    writeFileSync(
      `${folder}/zone`,
      "$TTL 60\n@ SOA ns.x.test. a.x.test. 1 60 60 60 60\n@ NS ns.x.test.\nns A 127.0.0.1\n",
    );
    const server = run("named", ["-f", "-c", `${folder}/named.conf`]);
    const url = `http://127.0.0.1:${port}`;
    await answers("curl", ["-sf", `${url}/json/v1`]);
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${asked}`]);
    await resolver.resolve4("ns.x.test");
    await resolver.resolve4("no.x.test").catch(() => {});
    return {
      version: say("named", ["-v"]).match(/BIND (\S+)/)![1],
      options: `host = 127.0.0.1\nport = ${port}\n`,
      client() {
        const { memory, views } = JSON.parse(say("curl", ["-sf", `${url}/json/v1`]));
        const names = ["TotalUse", "InUse", "ContextSize", "Lost"];
        return new Map([
          ["view._default.zones", views._default.zones.length],
          ...prefixed("memory.", new Map(names.map((name) => [name, memory[name]]))),
        ]);
      },
      gone: { "memory.BlockSize": "not in 9.18" },
      moves: { "memory.InUse": 0.2, "memory.TotalUse": 0.2 },
      stop: server.stop,
    };
  },
} satisfies Daemon;
