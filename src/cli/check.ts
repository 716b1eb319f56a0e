/** `check`: reads everything that `run` would read, and reports all problems at once. */

import { NO_STATE, ownCollectors } from "../agent/self_metrics.ts";
import { parseConfig, toPlain } from "../config/configobj.ts";
import { interpolateAll } from "../config/interpolate.ts";
import { isLogSection } from "../config/logging.ts";
import { fatal, fault, type Problem, warning } from "../config/problems.ts";
import { resolveSettings } from "../config/resolve.ts";
import type { Status } from "../agent/status.ts";
import type { Settings } from "../config/settings.ts";
import type { Origin } from "../config/tree.ts";
import { messageOf } from "../core/errors.ts";
import type { ConfigFiles } from "../ports/local_files.ts";
import { type CommandSpec, configFlag, configPath, socketPath } from "./command.ts";
import { enabledRows, enabledTable } from "./enabled.ts";
import { UsageError } from "./flags.ts";
import { tellProblems } from "./problems_out.ts";
import type { Tried } from "./connect/connections.ts";
import { settingsText } from "./settings_text.ts";
import { paint, table } from "./text.ts";
import type { Terminal, World } from "./world.ts";

export function checkCommand(world: World): CommandSpec {
  return {
    name: "check",
    summary: "Report all problems of a configuration, with file and line",
    args: {
      ...configFlag,
      strict: { type: "boolean", description: "Exit status 1 for warnings too" },
      print: {
        type: "boolean",
        description: "Print the effective configuration, with the line each value came from",
      },
      connect: {
        type: "boolean",
        description: "Also reach each handler's backend, and look at what the agent writes",
      },
      write: { type: "boolean", description: "With --connect: deliver one test point" },
      json: { type: "boolean", description: "Print the problems, and what is enabled, as JSON" },
      "dump-json": {
        type: "string",
        valueHint: "FILE",
        description: "Print one file's tree as JSON, and check nothing else",
      },
    },
    examples: [
      "diamond-agent check -c /etc/diamond/diamond.conf",
      "diamond-agent check --strict --print -c diamond.conf",
      "diamond-agent check --connect -c diamond.conf            does each handler reach its backend, each listener get its port?",
      "diamond-agent check --connect --write -c diamond.conf    deliver one point: PREFIX.HOST.diamond.check",
    ],
    notes:
      "Exit status 0: clean; 1: warnings with --strict, or something that --connect cannot reach or write; 2: errors.",
    async run(flags) {
      const dump = flags.text("dump-json");
      if (dump !== undefined) return dumpJson(world, dump);
      const names = ["strict", "print", "json", "connect", "write"];
      const [strict, print, json, connect, write] = names.map((name) => flags.on(name));
      if (write && !connect) throw new UsageError("--write belongs to --connect");
      return await check(world, configPath(world, flags), { strict, print, json, connect, write });
    },
  };
}

function dumpJson({ files, out, err }: World, file: string): number {
  let text: string;
  try {
    text = files.read(file);
  } catch (error) {
    throw new UsageError(`cannot read "${file}": ${messageOf(error)}`);
  }
  const { root, problems } = parseConfig(text, file);
  const all: Problem[] = [
    ...problems,
    ...(problems.length > 0 ? [] : interpolateAll(root, isLogSection)),
  ]
    .map(({ line, message }) => fatal({ file, line }, message));
  if (all.length > 0) {
    tellProblems(err, all);
    return 2;
  }
  out.write(`${JSON.stringify(toPlain(root, (leaf) => leaf.value))}\n`);
  return 0;
}

interface How {
  readonly strict: boolean;
  readonly print: boolean;
  readonly json: boolean;
  readonly connect: boolean;
  readonly write: boolean;
}

async function check(world: World, path: string, how: How): Promise<number> {
  const { strict, print, json } = how;
  const { files, catalogue, out, err } = world;
  const own = ownCollectors(() => NO_STATE);
  const custom = { loader: world.custom({}) };
  const resolved = await resolveSettings({ path, files, catalogue, own, custom, everything: true });
  await custom.loader.close();
  const { opened } = await import("./opened.ts");
  const settings = await opened(world, resolved);
  const problems = [
    ...settings.problems,
    ...pathProblems(settings, files),
    ...userProblems(world, settings),
  ];
  if (print) out.write(settingsText(settings));
  if (!json) tellProblems(err, sorted(problems));
  const errors = problems.filter(({ severity }) => severity === "error").length;
  const warnings = problems.length - errors;
  const tried = how.connect ? await connections(world, settings, how.write) : undefined;
  const failed = tried?.some(({ ok }) => !ok) ?? false;
  if (json) out.write(`${JSON.stringify({ ...answerOf(settings, sorted(problems)), tried })}\n`);
  else if (!print) {
    out.write(enabledTable(settings, out));
    const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
    const said = problems.length === 0
      ? "all well"
      : `${count(errors, "error")}, ${count(warnings, "warning")}`;
    out.write(`${path}: ${said} in ${count(settings.files.length, "file")}\n`);
  }
  if (tried !== undefined && !json) out.write(connectionTable(tried, out));
  if (errors > 0) return 2;
  return failed || (strict && warnings > 0) ? 1 : 0;
}

/** What the agent would reach and write. It may leave this process with fewer rights. */
async function connections(world: World, settings: Settings, writes: boolean): Promise<Tried[]> {
  const { tryHandlers } = await import("./connect/connections.ts");
  const { tryListeners } = await import("./connect/listeners.ts");
  const { tryPaths } = await import("./connect/permissions.ts");
  const host = world.host(settings.server);
  const running = await runningAgent(world, settings);
  const isRunning = running !== undefined;
  const working = running?.collectors.filter(({ state }) => state !== "failing") ?? [];
  const paths = tryPaths(world, settings);
  const handlers = await tryHandlers(settings, host, { files: world.files, isRunning, writes });
  const listeners = await tryListeners(settings, host, new Set(working.map(({ name }) => name)));
  return [...handlers, ...listeners, ...paths.lines, ...paths.after()];
}

async function runningAgent(world: World, settings: Settings): Promise<Status | undefined> {
  const nothing = { text: () => undefined, on: () => false, words: [] };
  const path = socketPath(world, nothing, settings);
  if (path === undefined) return undefined;
  const answer = world.daemon.ask(path, { ask: "status" }) as Promise<Status>;
  return await answer.catch(() => undefined);
}

function connectionTable(tried: readonly Tried[], out: Terminal): string {
  const rows = tried.map(({ name, ok, what, todo }) => [
    ok ? "ok" : "failed",
    name,
    todo === undefined ? what : `${what}. To do: ${todo}`,
  ]);
  return `${paint(out, "bold", "Connections and paths")}\n${table(rows, "  ", out.columns)}`;
}

/** For programs. */
function answerOf(settings: Settings, problems: readonly Problem[]) {
  return {
    problems: problems.map(({ file, line, severity, message }) => ({
      file,
      line,
      severity,
      message,
    })),
    enabled: enabledRows(settings).map(([name, origin]) => ({ name, origin })),
  };
}

function sorted(problems: readonly Problem[]): Problem[] {
  return [...problems].sort((
    a,
    b,
  ) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1));
}

/** A user or group that this host does not know: the agent would not start. */
function userProblems({ daemon }: World, { server, serverOrigins, file }: Settings): Problem[] {
  try {
    daemon.findIdentity(server.user, server.group);
    return [];
  } catch (error) {
    const message = messageOf(error);
    const key = message.includes(`"${server.user}"`) ? "user" : "group";
    return [fault(serverOrigins.get(key) ?? { file, line: 0 }, message)];
  }
}

/** Files and directories that the agent would write. */
function pathProblems(settings: Settings, files: ConfigFiles): Problem[] {
  const found: Problem[] = [];
  const look = (path: string, origin: Origin, what: string) => {
    const reason = path === "" ? undefined : files.unwritable(path);
    if (reason !== undefined) {
      found.push(warning(origin, `${what} "${path}" cannot be written: ${reason}`));
    }
  };
  const main = { file: settings.file, line: 0 };
  look(settings.server.pid_file, settings.serverOrigins.get("pid_file") ?? main, "pid_file");
  for (const { section, options, origins } of settings.handlers) {
    const at = origins.get("log_file");
    if (at !== undefined) look(String(options.log_file), at, `log_file of [[${section}]]`);
  }
  for (const { to } of settings.log.outputs) if (to.kind === "file") look(to.path, main, "The log");
  return found;
}
