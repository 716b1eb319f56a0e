/** supervisord with a process that runs and one that has failed, asked at its socket. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

const STATES: Readonly<Record<string, number>> = {
  STOPPED: 0,
  RUNNING: 20,
  FATAL: 200,
  EXITED: 100,
};

export default {
  collector: "SupervisordCollector",
  packages: { supervisord: "supervisor", supervisorctl: "supervisor" },
  fast: true,

  async start({ folder }) {
    const socket = `${folder}/supervisor.sock`;
    const conf = `${folder}/supervisord.conf`;
    writeFileSync(
      conf,
      `[unix_http_server]
file = ${socket}
[supervisord]
logfile = ${folder}/log
pidfile = ${folder}/pid
[supervisorctl]
serverurl = unix://${socket}
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:cat]
command = /bin/cat
[program:dead]
command = /bin/false
startretries = 0
`,
    );
    const server = run("supervisord", ["-n", "-c", conf]);
    const status = `supervisorctl -c ${conf} status`;
    await answers("sh", ["-c", `${status} | grep RUNNING && ${status} | grep -E 'FATAL|EXITED'`]);
    return {
      version: say("supervisord", ["--version"]).trim(),
      options: `xmlrpc_server_path = ${socket}\n`,
      client() {
        // Its exit status says that one of them does not run.
        const lines = say("sh", ["-c", `${status}; true`]);
        const found = new Map<string, number>();
        for (
          const [, name, state, h, m, s] of lines.matchAll(
            /^(\w+) +(\w+) +(?:pid \d+, uptime (\d+):(\d+):(\d+))?/gm,
          )
        ) {
          found.set(`${name}.${name}.state`, STATES[state]);
          const uptime = h === undefined ? 0 : Number(h) * 3600 + Number(m) * 60 + Number(s);
          found.set(`${name}.${name}.uptime`, uptime);
        }
        return found;
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
