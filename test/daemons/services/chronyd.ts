/** Two daemons of chrony, which set no clock: one serves the time, the other one asks it. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "ChronydCollector",
  packages: { chronyd: "chrony", chronyc: "chrony" },
  fast: true,

  async start({ folder, port }) {
    const common = (name: string) =>
      `cmdport 0\nbindcmdaddress ${folder}/${name}.sock\npidfile ${folder}/${name}.pid\n`;
    writeFileSync(
      `${folder}/server.conf`,
      `port ${port}\nbindaddress 127.0.0.1\nlocal stratum 5\nallow 127.0.0.0/8\n${
        common("server")
      }`,
    );
    writeFileSync(
      `${folder}/client.conf`,
      `server 127.0.0.1 port ${port} minpoll 0 maxpoll 0 iburst\nport 0\n${common("client")}`,
    );
    // The daemon takes its socket only from a folder that is closed to others.
    say("chmod", ["750", folder]);
    const daemons = ["server", "client"].map((name) =>
      run("chronyd", ["-x", "-d", "-u", "root", "-f", `${folder}/${name}.conf`])
    );
    const words = ["-h", `${folder}/client.sock`];
    const bin = `${folder}/chronyc`;
    writeFileSync(bin, `#!/bin/sh\nexec chronyc ${words.join(" ")} "$@"\n`, { mode: 0o755 });
    const row = (...more: string[]) =>
      say("chronyc", [...words, ...more, "sourcestats"]).trim().split("\n").at(-1)!;
    const name = () => row().split(/[\s.]/)[0];
    const offset = () => Number(row("-c").split(",")[6]) * 1000;
    await answers("sh", [
      "-c",
      `chronyc ${words.join(" ")} -c sourcestats | grep -qv ,0.000000000,`,
    ]);
    return {
      version: say("chronyd", ["--version"]).match(/version (\S+)/)![1],
      options: `bin = ${bin}\n`,
      client: () => new Map([[`${name()}.offset_ms`, offset()]]),
      stop: async () => {
        for (const daemon of daemons) await daemon.stop();
      },
    };
  },
} satisfies Daemon;
