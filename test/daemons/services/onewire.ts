/** owfs with two sensors that do not exist, mounted; cat reads their files. */

import { mkdirSync, readdirSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "OneWireCollector",
  packages: { owfs: "owfs-fuse" },

  async start({ folder }) {
    const mounted = `${folder}/1wire`;
    mkdirSync(mounted);
    const server = run("owfs", ["--tester=DS18B20,DS2438", "--foreground", "-m", mounted]);
    await answers("sh", ["-c", `ls ${mounted} | grep -q '^28[.]'`]);
    const sensors = readdirSync(mounted).filter((name) => /^\w\w\.\w+$/.test(name));
    const read = (sensor: string, file: string) =>
      Number(say("cat", [`${mounted}/${sensor}/${file}`]));
    const second = sensors.find((name) => !name.startsWith("28."))!;
    return {
      version: say("owfs", ["--version"]).match(/[\d.]+p?\d*/)![0],
      options: `owfs = ${mounted}\n[[[scan]]]\ntemperature = t\n[[[id:${second}]]]\nVDD = volts\n`,
      client: () =>
        new Map([
          ...sensors.map((name) =>
            [name.replace(".", "_") + ".t", read(name, "temperature")] as const
          ),
          [`${second.replace(".", "_")}.volts`, read(second, "VDD")],
        ]),
      stop: server.stop,
    };
  },
} satisfies Daemon;
