/** `status`: how the running agent is, asked of itself. */

import type { CollectorStatus, HandlerStatus, ReportedError, Status } from "../agent/status.ts";
import type { ArgsDef } from "citty";
import { type CommandSpec, configFlag, type Flags, isOff, socketPath } from "./command.ts";
import { configError } from "../core/errors.ts";
import { serverSettings } from "./handler_part.ts";
import { paint, table } from "./text.ts";
import type { Terminal, World } from "./world.ts";

export const socketFlags = {
  ...configFlag,
  pidfile: {
    type: "string",
    alias: ["p"],
    valueHint: "FILE",
    description: "As it was given to run",
  },
  socket: {
    type: "string",
    valueHint: "PATH",
    description: "Where the agent answers, instead of what the configuration says",
  },
} as const satisfies ArgsDef;

export function statusCommand(world: World): CommandSpec {
  return {
    name: "status",
    summary: "How the running agent is: collectors, handlers, backlog",
    args: { ...socketFlags, json: { type: "boolean", description: "As JSON" } },
    examples: [
      "diamond-agent status",
      "diamond-agent status -c diamond.conf --json | jq .degraded",
    ],
    notes: "Exit status 0: all is well; 1: something is degraded, or no agent answers.",
    async run(flags) {
      const path = await agentSocket(world, flags);
      const status = await world.daemon.ask(path, { ask: "status" }) as Status;
      const text = flags.on("json") ? `${JSON.stringify(status)}\n` : report(status, world.out);
      world.out.write(text);
      return status.degraded.length > 0 ? 1 : 0;
    },
  };
}

/** Where the agent is to be asked. Throws `config` where it has no socket. */
export async function agentSocket(world: World, flags: Flags): Promise<string> {
  const given = flags.text("socket");
  if (given !== undefined && !isOff(given)) return world.files.absolute(given);
  const path = socketPath(world, flags, await serverSettings(world, flags));
  if (path !== undefined) return path;
  throw configError("The configuration has socket = off: the agent answers nobody");
}

function report(status: Status, out: Terminal): string {
  const { now, pid, started, rss, maxMemory, handlers, collectors, degraded } = status;
  const memory = `${megabytes(rss)} of at most ${megabytes(maxMemory)}`;
  const verdict = degraded.length === 0
    ? paint(out, "green", "All is well.")
    : `${paint(out, "red", "Degraded:")} ${degraded.join("; ")}.`;
  return `Process ${pid}, for ${span((now - started) / 1000)}, ${memory}\n${verdict}\n\n` +
    `${paint(out, "bold", "Handlers")}\n${
      handlers.map((one) => handlerText(one, now)).join("")
    }\n` +
    `${paint(out, "bold", "Collectors")}\n${
      table([
        ["", "state", "every", "last run", "took", "points", "failed", "skipped"],
        ...collectors.map((one) => collectorRow(one, now)),
      ], "  ")
    }${collectors.map((one) => errorText(one.name, one.error, now)).join("")}`;
}

function handlerText(handler: HandlerStatus, now: number): string {
  const { name, state, receipt, delivered, queued, spooled, spoolBytes, lag } = handler;
  const { behind, retries, resent, dropped, error } = handler;
  const backlog = queued + spooled === 0
    ? "nothing waits"
    : `${count(queued)} wait in memory, ${count(spooled)} on disk (${megabytes(spoolBytes)}), ` +
      `the oldest for ${span(behind ?? 0)}`;
  const lost = Object.entries(dropped).filter(([, points]) => points > 0).map(([why, points]) =>
    `${count(points)} ${why}`
  );
  const late = lag === undefined ? "" : `, the last ones ${lag.toFixed(2)} s after their slot`;
  return `  ${name}: ${state}, ${count(delivered)} delivered (receipt: ${receipt})${late}\n` +
    `    backlog: ${backlog}\n` +
    (retries > 0 ? `    ${count(retries)} writes were tried again, ` : "    ") +
    (resent > 0 ? `${count(resent)} sent again after a break, ` : "") +
    `dropped: ${lost.join(", ") || "none"}\n` +
    errorText("", error, now);
}

function errorText(name: string, error: ReportedError | undefined, now: number): string {
  if (error === undefined) return "";
  const { message, first, last, count: times, advice } = error;
  const since = `since ${time(first)}, ${times} times, last ${span((now - last) / 1000)} ago`;
  return `    ${
    name === "" ? "" : `${name}: `
  }${message}\n      ${since}\n      To do: ${advice}\n`;
}

function collectorRow(collector: CollectorStatus, now: number): string[] {
  const { name, state, interval, lastRun, milliseconds, points, failures, skipped } = collector;
  return [
    name,
    state,
    span(interval),
    lastRun === 0 ? "-" : `${span((now - lastRun) / 1000)} ago`,
    `${milliseconds.toFixed(1)} ms`,
    count(points),
    count(failures),
    count(skipped),
  ];
}

export function count(number: number): string {
  return number.toLocaleString("en-US");
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(bytes < 10_485_760 ? 1 : 0)} MB`;
}

function time(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

/** `45 s`, `12 min`, `3.5 h`, `2.1 d` */
export function span(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800
    ? `${(seconds / 3600).toFixed(1)} h`
    : `${(seconds / 86_400).toFixed(1)} d`;
}
