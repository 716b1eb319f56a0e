/** Metrics from scripts: each prints lines of a name and a value, or another form that is known. */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { messageOf } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import { bool, choice, integer, number, size, text } from "../../core/option.ts";
import {
  formatOf,
  readScript,
  type ScriptFormat,
  scriptFormats,
} from "../../formats/script_output.ts";
import { createRunningPrograms, type RunningPrograms } from "../../protocols/running_programs.ts";

/** Scripts at once: a slow one must not keep the others waiting. */
const AT_ONCE = 4;
/** Characters of what one says on stderr. */
const MAX_SAID = 1000;
/** Of a line that cannot be read. */
const MAX_QUOTED = 100;

const kinds: Readonly<Record<ScriptFormat, string>> = {
  plain: "a name and a number",
  graphite: "a Graphite line",
  nagios: "performance data",
  json: "JSON",
  prometheus: "a sample of Prometheus",
};

const options = {
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
};

const metrics = { "{name}": gauge("What a program prints") };

interface State extends Disposable {
  /** By path: each one once, until it changes. */
  readonly complaints: Map<string, string>;
  readonly programs: RunningPrograms;
}

type Scripts = Context<typeof options, typeof metrics, State>;

/** What a program has printed. */
interface Printed {
  readonly stdout: string;
  readonly stderr: string;
  /** Null after a signal, and while it runs on. */
  readonly code: number | null;
  /** When the line came, of a program that runs on. */
  readonly at?: number;
}

export default defineCollector({
  name: "UserScriptsCollector",
  doc: "Runs the programs of a directory, each prints names and values",
  path: ".",
  sources: ["the programs in scripts_path"],
  systems: everySystem,
  options,
  metrics,
  prepare: ({ max_output }, host): State => {
    const programs = createRunningPrograms(host, max_output);
    return {
      complaints: new Map(),
      programs,
      [Symbol.dispose]: () => programs[Symbol.dispose](),
    };
  },

  async collect(context) {
    const { host, options, signal } = context;
    const directory = options.scripts_path.replace(/(.)\/+$/, "$1");
    const kind = host.fs.hangingKind(directory);
    // Where its server does not answer, this throws in time; looking into it would stop the agent.
    if (kind !== undefined) await host.probe.statvfs(directory, kind, { signal });
    const paths = host.fs.list(directory).sort().map((name) => `${directory}/${name}`)
      .filter((path) => host.fs.stat(path)?.isFile);
    if (options.long_running) return takeNews(context, paths);
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
        await runScript(context, path);
      }
    }));
  },
});

function takeNews(context: Scripts, paths: readonly string[]): void {
  const { host, options, state } = context;
  const programs = paths.filter((path) => {
    const refused = refusal(host, path);
    if (refused !== undefined) complain(context, path, refused);
    return refused === undefined;
  }).map((path) => ({ path, version: host.fs.stat(path)?.modified ?? 0 }));
  for (const { path, lines, lost, said, ended } of state.programs.news(programs)) {
    const problems = lines.flatMap(({ text, at }) =>
      publish(context, path, { stdout: text, stderr: "", code: null, at })
    );
    if (lost > 0) problems.push(`it prints more than ${options.max_output} bytes in a run`);
    if (said !== "") problems.push(`it says: ${said.trim()}`);
    if (ended !== undefined) problems.push(ended);
    complain(context, path, [...new Set(problems)].join("; "));
  }
}

async function runScript(context: Scripts, path: string): Promise<void> {
  const { host, options, signal } = context;
  const refused = refusal(host, path);
  if (refused !== undefined) return complain(context, path, refused);
  const limit = new AbortController();
  const { script_timeout: seconds } = options;
  const cancel = seconds > 0 ? host.clock.after(seconds * 1000, () => limit.abort()) : undefined;
  signal.addEventListener("abort", () => limit.abort(), { once: true });
  try {
    const printed = await host.exec.run([path], {
      signal: limit.signal,
      maxBytes: options.max_output,
    });
    const problem = printed.cut
      ? `it prints more than ${options.max_output} bytes`
      : publish(context, path, printed).join("; ");
    complain(context, path, problem);
  } catch (error) {
    complain(context, path, messageOf(error));
  } finally {
    cancel?.();
  }
}

/** Why a program is not run; undefined where it is. */
function refusal({ fs }: Host, path: string): string | undefined {
  if (!fs.executable(path)) return "it is not executable";
  const why = fs.untrusted(path);
  return why && `it ${why}, and root does not run it: chown it to root, and chmod go-w`;
}

/** Returns what there is to complain of. */
function publish({ options, emit }: Scripts, path: string, printed: Printed): string[] {
  const { stdout, stderr, code, at } = printed;
  const format = options.format === "auto" ? formatOf(stdout) : options.format;
  const script = path.slice(path.lastIndexOf("/") + 1).replace(/\.\w+$/, "");
  const { values, bad } = readScript(stdout, format, script, code);
  for (const { name, value, isFraction, timestamp } of values) {
    const precision = isFraction ? options.floatprecision : 0;
    emit("{name}", value, name, { precision, timestamp: timestamp ?? at });
  }
  const problems: string[] = [];
  // Nagios' plugins report what they found by their exit status.
  const isReport = format === "nagios" && code !== null && code <= 3;
  if (code !== 0 && !isReport && at === undefined) {
    problems.push(`it ended with ${code ?? "a signal"}`);
  }
  if (bad !== undefined) {
    problems.push(`cannot read "${bad.slice(0, MAX_QUOTED)}" as ${kinds[format]}`);
  }
  const said = stderr.trim();
  if (said !== "") problems.push(`it says: ${said.slice(0, MAX_SAID)}`);
  return problems;
}

/** Each complaint once, until it changes. */
function complain({ state, log }: Scripts, path: string, what: string): void {
  if (what !== "" && state.complaints.get(path) !== what) log.warn(`The script ${path}: ${what}`);
  if (what === "") state.complaints.delete(path);
  else state.complaints.set(path, what);
}
