/** NUT with its driver for a UPS that does not exist; upsc is asked for one variable at a time. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

const VARIABLES = { "battery.charge": 90, "battery.voltage": 12, "ups.temperature": -3 };

export default {
  collector: "UPSCollector",
  packages: { upsd: "nut-server", upsc: "nut-client" },

  async start({ folder, port }) {
    const write = (name: string, ...lines: string[]) =>
      writeFileSync(`${folder}/${name}`, `${lines.join("\n")}\n`, { mode: 0o644 });
    write("nut.conf", "MODE=standalone");
    write("ups.conf", "[dummy]", "driver = dummy-ups", `port = ${folder}/dummy.dev`);
    write("upsd.conf", `LISTEN 127.0.0.1 ${port}`);
    write("upsd.users");
    const lines = Object.entries(VARIABLES).map(([name, value]) => `${name}: ${value}`);
    write("dummy.dev", ...lines, "ups.status: OL", "ups.beeper.status: enabled");
    const env = { NUT_CONFPATH: folder, NUT_STATEPATH: folder };
    const daemons = [
      run("/lib/nut/dummy-ups", ["-a", "dummy", "-u", "root", "-F"], { env }),
      run("/lib/nut/upsd", ["-u", "root", "-F"], { env }),
    ];
    const ups = `dummy@127.0.0.1:${port}`;
    await answers("upsc", [ups, "ups.temperature"]);
    const value = (variable: string) => Number(say("upsc", [ups, variable]));
    return {
      version: say("/lib/nut/upsd", ["-V"]).match(/upsd (\S+)/)![1],
      options: `ups_name = ${ups}\n`,
      client: () =>
        new Map(
          Object.keys(VARIABLES).map((name) => [`${name}.${name.split(".")[1]}`, value(name)]),
        ),
      stop: async () => {
        for (const daemon of daemons) await daemon.stop();
      },
    };
  },
} satisfies Daemon;
