/** ntpdate asks a chronyd on this machine, which sets no clock, at NTP's own port. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "NtpCollector",
  packages: { chronyd: "chrony", ntpdate: "ntpsec-ntpdate" },

  async start({ folder }) {
    const conf = `${folder}/chrony.conf`;
    writeFileSync(
      conf,
      `port 123\nbindaddress 127.0.0.1\nlocal stratum 5\nallow 127.0.0.0/8\ncmdport 0
bindcmdaddress ${folder}/chrony.sock\npidfile ${folder}/pid\n`,
    );
    say("chmod", ["750", folder]);
    const server = run("chronyd", ["-x", "-d", "-u", "root", "-f", conf]);
    await answers("ntpdate", ["-q", "127.0.0.1"]);
    const offset = () => Number(say("ntpdate", ["-q", "127.0.0.1"]).split(/\s+/)[3]);
    return {
      version: say("dpkg-query", ["-Wf", "${Version}", "ntpsec-ntpdate"]),
      options: "ntp_pool = 127.0.0.1\ntime_scale = seconds\nprecision = 1\n",
      client: () => new Map([["server.count", 1], ["offset.seconds", offset()]]),
      stop: server.stop,
    };
  },
} satisfies Daemon;
