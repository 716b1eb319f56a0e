/** Apache httpd with a page of mod_status. */

import { mkdirSync, writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, prefixed, run, say } from "../daemon.ts";

const OTHERS = ["Uptime", "IdleWorkers"];
const MODULES = "/usr/lib/apache2/modules";

export default {
  collector: "HttpdCollector",
  packages: { apache2: "apache2-bin", curl: "curl" },
  fast: true,

  async start({ folder, port }) {
    mkdirSync(`${folder}/www`);
    writeFileSync(
      `${folder}/httpd.conf`,
      `ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/pid
ErrorLog ${folder}/errors
Listen 127.0.0.1:${port}
LoadModule mpm_event_module ${MODULES}/mod_mpm_event.so
LoadModule authz_core_module ${MODULES}/mod_authz_core.so
LoadModule status_module ${MODULES}/mod_status.so
User www-data
Group www-data
DocumentRoot ${folder}/www
ExtendedStatus On
<Location /server-status>
SetHandler server-status
</Location>
`,
    );
    const server = run("apache2", ["-f", `${folder}/httpd.conf`, "-DFOREGROUND"]);
    const url = `http://127.0.0.1:${port}/server-status?auto`;
    await answers("curl", ["-sf", url]);
    return {
      version: say("apache2", ["-v"]).match(/Apache\/(\S+)/)![1],
      options: `urls = it ${url},\n`,
      client() {
        const page = say("curl", ["-sf", url]);
        const lines = figuresIn(page, /^([A-Za-z ]+): ([\d.-]+)$/gm);
        const [, board] = /^Scoreboard: (.*)$/m.exec(page)!;
        const known = new Map(
          [...lines].map(([name, value]) => [name.replaceAll(" ", ""), value] as const).filter((
            [name],
          ) =>
            !OTHERS.includes(name) &&
            /^(Total(Accesses|kBytes)|(Req|Bytes)Per|CPU|BusyWorkers|ServerUptimeSeconds|Conns(Total|Async(Closing|Writing|KeepAlive))$)/
              .test(name)
          ),
        );
        known.set("IdleWorkers", board.split("_").length - 1);
        known.set("WritingWorkers", board.split("W").length - 1);
        return prefixed("it.", known);
      },
      gone: { "it.CacheUsage": "no Cache lines with these modules" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
