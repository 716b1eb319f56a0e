/** Metrics from scripts: each prints lines of a name and a value, or another form that is known. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { messageOf } from "../../core/errors.ts";
import { bool, choice, integer, number, size, text } from "../../core/option.ts";
import {
  formatOf,
  readScript,
  type ScriptFormat,
  scriptFormats,
} from "../../formats/script_output.ts";
import { createRunningPrograms } from "../../protocols/running_programs.ts";

/** Scripts at once: a slow one must not keep the others waiting. */
const AT_ONCE = 4;
/** Characters of what one says on stderr. */
const MAX_SAID = 1000;
/** Of a line that cannot be read. */
const MAX_QUOTED = 100;

const forms: Readonly<Record<ScriptFormat, string>> = {
  plain: "a name and a number",
  graphite: "a Graphite line",
  nagios: "performance data",
  json: "JSON",
  prometheus: "a sample of Prometheus",
};

export default defineCollector({
  name: "UserScriptsCollector",
  doc: "Runs the programs of a directory, each prints names and values",
  path: ".",
  sources: ["the programs in scripts_path"],
  systems: everySystem,
  options: {
    scripts_path: text(
      "/etc/diamond/user_scripts/",
      "Directory with programs, which are run without arguments",
    ),
    format: choice(
      "auto",
      ["auto", ...scriptFormats],
      "What they print: name and value; Graphite lines with times; Nagios' performance data; JSON; Prometheus' text; auto: what each output looks like",
    ),
    script_timeout: number(
      0,
      "Seconds that one may take, then it and all that it started is killed; 0: as long as the run",
      { min: 0 },
    ),
    max_output: size(
      1_048_576,
      "Of one; with more it is killed, and nothing of it is published; of a long-running one: between two runs",
      { min: 1024 },
    ),
    long_running: bool(
      false,
      "The programs run on, and print a line when they have something; each value has the time at which it came",
    ),
    floatprecision: integer(4, "Decimals of values with a point", { min: 0, max: 20 }),
  },
  metrics: { "{name}": gauge("What a program prints") },
  prepare: ({ max_output }, host) => {
    const programs = createRunningPrograms(host, max_output);
    return {
      complaints: new Map<string, string>(),
      programs,
      [Symbol.dispose]: () => programs[Symbol.dispose](),
    };
  },

  async collect({ host, options, state, emit, signal, log }) {
    const directory = options.scripts_path.replace(/(.)\/+$/, "$1");
    const kind = host.fs.hangingKind(directory);
    // Where its server does not answer, this throws in time; looking into it would stop the agent.
    if (kind !== undefined) await host.probe.statvfs(directory, kind, { signal });
    const waiting = host.fs.list(directory).sort().map((name) => `${directory}/${name}`).filter((
      path,
    ) => host.fs.stat(path)?.isFile);
    if (options.long_running) return takeNews();
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
        await runScript(path);
      }
    }));

    function takeNews(): void {
      const programs = waiting.filter((path) => {
        const refused = refusal(path);
        if (refused !== undefined) complain(path, refused);
        return refused === undefined;
      }).map((path) => ({ path, version: host.fs.stat(path)?.modified ?? 0 }));
      for (const { path, lines, lost, said, ended } of state.programs.news(programs)) {
        const problems = lines.flatMap(({ text, at }) => publish(path, text, "", null, at));
        if (lost > 0) problems.push(`it prints more than ${options.max_output} bytes in a run`);
        if (said !== "") problems.push(`it says: ${said.trim()}`);
        if (ended !== undefined) problems.push(ended);
        complain(path, [...new Set(problems)].join("; "));
      }
    }

    /** Why a program is not run; undefined where it is. */
    function refusal(path: string): string | undefined {
      if (!host.fs.executable(path)) return "it is not executable";
      const why = host.fs.untrusted(path);
      return why && `it ${why}, and root does not run it: chown it to root, and chmod go-w`;
    }

    async function runScript(path: string): Promise<void> {
      const refused = refusal(path);
      if (refused !== undefined) return complain(path, refused);
      const limit = new AbortController();
      const { script_timeout: seconds } = options;
      const cancel = seconds > 0
        ? host.clock.after(seconds * 1000, () => limit.abort())
        : undefined;
      signal.addEventListener("abort", () => limit.abort(), { once: true });
      try {
        const { stdout, stderr, code, cut } = await host.exec.run([path], {
          signal: limit.signal,
          maxBytes: options.max_output,
        });
        if (cut) return complain(path, `it prints more than ${options.max_output} bytes`);
        complain(path, publish(path, stdout, stderr, code).join("; "));
      } catch (error) {
        complain(path, messageOf(error));
      } finally {
        cancel?.();
      }
    }

    /** Returns what there is to complain of. `at`: of one line of a program that runs on. */
    function publish(
      path: string,
      stdout: string,
      stderr: string,
      code: number | null,
      at?: number,
    ): string[] {
      const format = options.format === "auto" ? formatOf(stdout) : options.format;
      const script = path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
      const { values, bad } = readScript(stdout, format, script, code);
      for (const { name, value, isFraction, timestamp } of values) {
        const precision = isFraction ? options.floatprecision : 0;
        emit("{name}", value, name, { precision, timestamp: timestamp ?? at });
      }
      // Nagios' plugins tell what they found by their exit status.
      const isTold = format === "nagios" && code !== null && code <= 3;
      return [
        ...(code === 0 || isTold || at !== undefined
          ? []
          : [`it ended with ${code ?? "a signal"}`]),
        ...(bad === undefined
          ? []
          : [`cannot read "${bad.slice(0, MAX_QUOTED)}" as ${forms[format]}`]),
        ...(stderr.trim() === "" ? [] : [`it says: ${stderr.trim().slice(0, MAX_SAID)}`]),
      ];
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
