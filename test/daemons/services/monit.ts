/** Monit, which watches itself; its own client prints the same for people. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "MonitCollector",
  packages: { monit: "monit" },

  async start({ folder, port }) {
    const rc = `${folder}/monitrc`;
    writeFileSync(
      rc,
      `set daemon 1
set pidfile ${folder}/pid
set idfile ${folder}/id
set statefile ${folder}/state
set log ${folder}/log
set httpd port ${port} and use address 127.0.0.1
 allow monit:hidden
check process itself with pidfile ${folder}/pid
check process dead with pidfile ${folder}/nosuch
check system vm
`,
      { mode: 0o600 },
    );
    const server = run("monit", ["-I", "-c", rc]);
    const status = () => say("sh", ["-c", `monit -B -c ${rc} status itself; true`]);
    await answers("sh", ["-c", `monit -B -c ${rc} status itself | grep -q 'memory total'`]);
    return {
      version: say("monit", ["-V"]).match(/version (\S+)/)![1],
      options: `port = ${port}\npasswd = hidden\nbyte_unit = kilobyte,\nsend_totals = True\n`,
      client() {
        const text = status();
        const kilobytes = (title: string) =>
          Number(new RegExp(`^ +${title} +\\d.*\\[([\\d.]+) MB\\]`, "m").exec(text)![1]) * 1024;
        return new Map([
          ["itself.memory.kilobyte_usage", kilobytes("memory")],
          ["itself.memory_total.kilobyte_usage", kilobytes("memory total")],
        ]);
      },
      gone: { "dead.uptime": "a process that failed has no values" },
      moves: {
        "itself.memory.kilobyte_usage": 0.1,
        "itself.memory_total.kilobyte_usage": 0.1,
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
