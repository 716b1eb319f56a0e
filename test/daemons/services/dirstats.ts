/** A folder with files of some sizes; find adds them up. */

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { type Daemon, say } from "../daemon.ts";

const MIB = 1_048_576;

export default {
  collector: "DirStatsCollector",
  packages: { find: "findutils" },
  fast: true,

  start({ folder }) {
    const logs = `${folder}/logs`;
    mkdirSync(`${logs}/old/older`, { recursive: true });
    for (const [name, size] of Object.entries({ a: 3 * MIB, "old/b": MIB, "old/older/c": 17 })) {
      writeFileSync(`${logs}/${name}`, new Uint8Array(size).fill(120));
    }
    symlinkSync("..", `${logs}/old/loop`);
    symlinkSync("a", `${logs}/link`);
    say("touch", ["-d", "3 days ago", `${logs}/a`, `${logs}/old/b`, `${logs}/old/older/c`]);
    // It complains of the loop.
    const found = (type: string, form: string) =>
      say("sh", [
        "-c",
        `find -L ${logs} -mindepth 1 -type ${type} -printf '${form}\\n' 2>/dev/null; true`,
      ]).trim().split("\n").map(Number);
    const sum = (form: string) => found("f", form).reduce((all, one) => all + one, 0);
    return Promise.resolve({
      version: say("find", ["--version"]).match(/[\d.]+/)![0],
      options: `[[[dirs]]]\nlogs = ${logs}\n`,
      client: () =>
        new Map([
          ["logs.size.current", Math.floor(sum("%b") * 512 / MIB)],
          ["logs.size.allocated", Math.floor(sum("%s") / MIB)],
          ["logs.files", found("f", "1").length],
          ["logs.subdirs", found("d", "1").length],
          ["logs.days_unmodified", 3],
        ]),
      stop: () => Promise.resolve(rmSync(logs, { recursive: true })),
    });
  },
} satisfies Daemon;
