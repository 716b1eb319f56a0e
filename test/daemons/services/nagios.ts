/** Nagios' statistics, beside the text that the same program prints for people. */

import { writeFileSync } from "node:fs";
import { type Daemon, say } from "../daemon.ts";
import { nagios, nagiosPackages } from "../nagios.ts";

export default {
  collector: "NagiosStatsCollector",
  packages: nagiosPackages,
  survives: "the last status stays in its file",

  async start(place) {
    const { version, conf, stop } = await nagios(place);
    const bin = `${place.folder}/nagios4stats`;
    writeFileSync(bin, `#!/bin/sh\nexec nagios4stats -c ${conf} "$@"\n`, { mode: 0o755 });
    return {
      version,
      options: `bin = ${bin}\nuse_sudo = False\n`,
      client() {
        const text = say(bin, []);
        const numbers = (title: string) =>
          new RegExp(`^${title}:\\s+(.*)$`, "m").exec(text)![1].split(" / ").map(Number);
        const [ok, warning, unknown, critical] = numbers("Services Ok/Warn/Unk/Crit");
        const [up, down, unreachable] = numbers("Hosts Up/Down/Unreach");
        return new Map(Object.entries({
          NUMSVCOK: ok,
          NUMSVCWARN: warning,
          NUMSVCUNKN: unknown,
          NUMSVCCRIT: critical,
          NUMHSTUP: up,
          NUMHSTDOWN: down,
          NUMHSTUNR: unreachable,
        }));
      },
      stop,
    };
  },
} satisfies Daemon;
