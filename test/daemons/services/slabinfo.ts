/** The kernel's caches, as vmstat lists them: it cuts long names. */

import { type Daemon, say } from "../daemon.ts";

const MAX_NAME = 23;

export default {
  collector: "SlabInfoCollector",
  packages: { vmstat: "procps" },
  fast: true,
  survives: "reads the kernel's files",

  start() {
    const client = () => {
      const rows = say("vmstat", ["-m"]).split("\n").map((line) => line.trim().split(/\s+/));
      const wanted = rows.filter(([name, , , size]) =>
        name.length <= MAX_NAME && /^\d+$/.test(size)
      );
      return new Map(
        wanted.flatMap(([name, , , size, objects]) => [
          [`${name}.objsize`, Number(size)] as const,
          [`${name}.objperslab`, Number(objects)] as const,
        ]),
      );
    };
    const version = say("vmstat", ["--version"]).match(/[\d.]+/)![0];
    return Promise.resolve({ version, options: "", client, stop: () => Promise.resolve() });
  },
} satisfies Daemon;
