/** Unbound with a zone of its own, controlled at a socket. */

import { Resolver } from "node:dns/promises";
import { writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, run, say } from "../daemon.ts";

export default {
  collector: "UnboundCollector",
  packages: { unbound: "unbound", "unbound-control": "unbound" },

  async start({ folder, port }) {
    const conf = `${folder}/unbound.conf`;
    writeFileSync(
      conf,
      `server:
 interface: 127.0.0.1@${port}
 directory: ${folder}
 chroot: ""
 username: ""
 pidfile: ${folder}/pid
 use-syslog: no
 statistics-cumulative: yes
 extended-statistics: yes
 local-zone: "x.test." static
 local-data: "x.test. A 127.0.0.1"
remote-control:
 control-enable: yes
 control-interface: ${folder}/control.sock
 control-use-cert: no
`,
    );
    const server = run("unbound", ["-d", "-c", conf]);
    const bin = `${folder}/unbound-control`;
    writeFileSync(bin, `#!/bin/sh\nexec unbound-control -c ${conf} "$@"\n`, { mode: 0o755 });
    await answers(bin, ["stats"]);
    const resolver = new Resolver();
    resolver.setServers([`127.0.0.1:${port}`]);
    await resolver.resolve4("x.test");
    await resolver.resolve4("y.x.test").catch(() => {});
    return {
      version: say("unbound", ["-V"]).match(/Version (\S+)/)![1],
      options: `bin = ${bin}\n`,
      client() {
        const stats = figuresIn(say(bin, ["stats_noreset"]), /^([^=\s]+)=([\d.]+)$/gm);
        return new Map([...stats].filter(([name]) => !name.startsWith("histogram")));
      },
      moves: { "time.elapsed": 1 },
      stop: server.stop,
    };
  },
} satisfies Daemon;
