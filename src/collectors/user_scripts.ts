/** Metrics from scripts: each prints lines of a name and a value. */

import { defineCollector, everySystem, gauge } from "../core/collector.ts";
import { isNumber } from "../core/cursor.ts";
import { messageOf } from "../core/errors.ts";
import { integer, text } from "../core/option.ts";

/** Scripts at once: a slow one must not keep the others waiting. */
const AT_ONCE = 4;

export default defineCollector({
  name: "UserScriptsCollector",
  doc: "Runs the programs of a directory, each prints lines of a name and a value",
  path: ".",
  sources: ["the programs in scripts_path"],
  systems: everySystem,
  options: {
    scripts_path: text(
      "/etc/diamond/user_scripts/",
      "Directory with programs, which are run without arguments",
    ),
    floatprecision: integer(4, "Decimals of values with a point", { min: 0, max: 20 }),
  },
  metrics: { "{name}": gauge("What a program prints") },
  prepare: () => ({ complaints: new Map<string, string>() }),

  async collect({ host, options, state, emit, signal, log }) {
    const directory = options.scripts_path.replace(/(.)\/+$/, "$1");
    const waiting = host.fs.list(directory).sort().map((name) => `${directory}/${name}`).filter((
      path,
    ) => host.fs.stat(path)?.isFile);
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
        await runScript(path);
      }
    }));

    async function runScript(path: string): Promise<void> {
      if (!host.fs.executable(path)) return complain(path, "it is not executable");
      try {
        const { stdout, stderr, code } = await host.exec.run([path], { signal });
        const bad = publish(stdout);
        const told = [
          ...(code === 0 ? [] : [`it ended with ${code ?? "a signal"}`]),
          ...(bad === undefined ? [] : [`cannot read "${bad}" as a name and a number`]),
          ...(stderr.trim() === "" ? [] : [`it says: ${stderr.trim()}`]),
        ];
        complain(path, told.join("; "));
      } catch (error) {
        complain(path, messageOf(error));
      }
    }

    /** Returns the first line that is no name and value. */
    function publish(output: string): string | undefined {
      let bad: string | undefined;
      for (const line of output.split("\n")) {
        const [name, value, ...more] = line.trim().split(/\s+/);
        if (name === "") continue;
        if (value === undefined || more.length > 0 || !isNumber(value)) bad ??= line;
        else {emit("{name}", Number(value), name, {
            precision: value.includes(".") ? options.floatprecision : 0,
          });}
      }
      return bad;
    }

    /** Each complaint once, until it changes. */
    function complain(path: string, what: string): void {
      if (what !== "" && state.complaints.get(path) !== what) {
        log.warn(`The script ${path}: ${what}`);
      }
      if (what === "") state.complaints.delete(path);
      else state.complaints.set(path, what);
    }
  },
});
