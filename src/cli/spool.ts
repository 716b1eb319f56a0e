/** `spool`: what waits on disk, whether an agent works with it or not. */

import { deliveryJobs } from "../agent/delivery_job.ts";
import type { Status } from "../agent/status.ts";
import type { Settings } from "../config/settings.ts";
import { configError, messageOf } from "../core/errors.ts";
import { MAX_PER_WRITE, type SpoolSummary } from "../ports/spool.ts";
import { graphiteLines } from "../formats/graphite_line.ts";
import { type CommandSpec, type Flags, socketPath, spoolPath } from "./command.ts";
import { UsageError } from "./flags.ts";
import { handlerPart, serverSettings, warningsTo } from "./handler_part.ts";
import { createProgress } from "./progress.ts";
import { count, megabytes } from "../formats/figures.ts";
import { lengthText } from "../view/lengths.ts";
import { socketFlags } from "./status.ts";
import { table } from "./text.ts";
import type { World } from "./world.ts";

const ACTIONS = ["ls", "verify", "export", "replay", "drop"] as const;
type Action = typeof ACTIONS[number];

export function spoolCommand(world: World): CommandSpec {
  return {
    name: "spool",
    summary: "Manage what waits on disk",
    operands: "ls|verify|export|replay|drop [HANDLER]",
    subcommands: [
      { name: "ls", summary: "List what waits, by handler" },
      { name: "verify", operands: "[HANDLER]", summary: "Read everything and report damage" },
      { name: "export", operands: "HANDLER", summary: "Print the points as Graphite lines" },
      { name: "replay", operands: "HANDLER", summary: "Deliver the points now, at full speed" },
      { name: "drop", operands: "HANDLER", summary: "Discard the points; they count as dropped" },
    ],
    args: {
      action: { type: "positional", required: false, description: ACTIONS.join(", ") },
      handler: { type: "positional", required: false, description: "Whose spool, but for ls" },
      ...socketFlags,
      path: {
        type: "string",
        valueHint: "DIR",
        description: "The folder of the spools, instead of [server] spool_path",
      },
      json: { type: "boolean", description: "ls: as JSON" },
      yes: { type: "boolean", description: "drop: yes, give it up" },
    },
    examples: [
      "diamond-agent spool ls",
      "diamond-agent spool verify                          read everything, and tell what is damaged",
      "diamond-agent spool export GraphiteHandler > lines  as Graphite lines",
      "diamond-agent spool replay GraphiteHandler          deliver it now, as fast as it goes",
      "diamond-agent spool drop GraphiteHandler --yes      give it up, counted",
    ],
    notes: "Exit status 1: something is damaged, or could not be done.",
    run: (flags) => spool(world, flags),
  };
}

async function spool(world: World, flags: Flags): Promise<number> {
  const [word = "ls", ...rest] = flags.words;
  const action = ACTIONS.find((known) => known === word);
  if (action === undefined) throw new UsageError(`spool ${word}? There is ${ACTIONS.join(", ")}`);
  const handler = rest.join(" ");
  if (handler === "" && !["ls", "verify"].includes(action)) {
    throw new UsageError(`spool ${action} needs a handler's name; \`spool ls\` has them`);
  }
  const needsSettings = flags.text("path") === undefined || action === "replay";
  const settings = needsSettings ? await serverSettings(world, flags) : undefined;
  const given = flags.text("path");
  const folder = given === undefined ? spoolPath(world, settings!) : world.files.absolute(given);
  if (folder === undefined) {
    throw configError("the configuration has spool_path = off: nothing is kept on disk");
  }
  return await perform[action]({ world, flags, settings, folder, handler });
}

interface Task {
  readonly world: World;
  readonly flags: Flags;
  readonly settings: Settings | undefined;
  readonly folder: string;
  readonly handler: string;
}

const perform: Readonly<Record<Action, (task: Task) => number | Promise<number>>> = {
  ls({ world, flags, folder }) {
    const spools = summaries(world, folder);
    if (flags.on("json")) {
      world.out.write(`${JSON.stringify(spools)}\n`);
      return 0;
    }
    if (spools.length === 0) world.out.write(`Nothing waits in "${folder}"\n`);
    else {world.out.write(
        table([["handler", "points", "size", "oldest", "newest"], ...spools.map(row)]),
      );}
    return spools.some(({ problem }) => problem !== undefined) ? 1 : 0;
  },

  verify({ world, folder, handler }) {
    const names = handler === ""
      ? summaries(world, folder).map((summary) => summary.handler)
      : [handler];
    let damaged = 0;
    for (const name of names) {
      const found = readAll(world, folder, name, () => {});
      damaged += found.damaged;
      const what = found.problem ??
        (found.damaged === 0 ? "all whole" : `${count(found.damaged)} metrics are damaged`);
      if (found.problem !== undefined) damaged++;
      world.out.write(`${name}: ${count(found.points)} metrics read, ${what}\n`);
    }
    if (names.length === 0) world.out.write(`Nothing waits in "${folder}"\n`);
    return damaged > 0 ? 1 : 0;
  },

  export({ world, folder, handler }) {
    const found = readAll(world, folder, handler, (lines) => world.out.write(lines));
    if (found.problem !== undefined) throw configError(`${handler}: ${found.problem}`);
    if (found.damaged > 0) world.err.write(`${count(found.damaged)} metrics are damaged\n`);
    return found.damaged > 0 ? 1 : 0;
  },

  async replay(task) {
    const { world, flags, settings, handler } = task;
    const path = flags.text("socket") ?? socketPath(world, flags, settings!);
    if (path !== undefined && await isRunning(world, path)) return await flushSpool(task, path);
    return await deliver(task, handler);
  },

  async drop(task) {
    const { world, flags, folder, handler, settings } = task;
    const summary = summaries(world, folder).find((one) => one.handler === handler);
    if (summary === undefined) throw configError(`there is no spool of ${handler} in "${folder}"`);
    if (!flags.on("yes")) {
      throw new UsageError(`--yes gives up ${count(summary.points ?? 0)} metrics of ${handler}`);
    }
    const path = flags.text("socket") ?? (settings && socketPath(world, flags, settings));
    const points = path !== undefined && await isRunning(world, path)
      ? await world.daemon.ask(path, { ask: "drop", handler }) as number
      : dropHere(task);
    world.out.write(`${count(points)} metrics of ${handler} are given up\n`);
    return 0;
  },
};

function summaries(world: World, folder: string): SpoolSummary[] {
  try {
    return world.listSpools(folder);
  } catch (error) {
    throw configError(`cannot look into the folder "${folder}" of the spools`, error);
  }
}

function row({ handler, points, bytes, oldest, newest, problem }: SpoolSummary): string[] {
  if (problem !== undefined) return [handler, problem];
  return [handler, count(points ?? 0), megabytes(bytes), buildInfo(oldest), buildInfo(newest)];
}

function buildInfo(seconds: number | undefined): string {
  const time = new Date(Number(seconds) * 1000);
  // What a damaged file says may be no time at all.
  return seconds === undefined || Number.isNaN(time.getTime())
    ? "-"
    : time.toISOString().slice(0, 19).replace("T", " ");
}

/** Reads a spool from end to end, as lines. */
function readAll(world: World, folder: string, handler: string, take: (lines: string) => void) {
  let points = 0;
  let spool: ReturnType<World["lookIntoSpool"]>;
  try {
    spool = world.lookIntoSpool(folder, handler);
  } catch (error) {
    return { points, damaged: 0, problem: messageOf(error) };
  }
  try {
    for (;;) {
      const batch = spool.read(MAX_PER_WRITE);
      if (batch === undefined) return { points, damaged: spool.takeDamaged(), problem: undefined };
      points += batch.metrics.length;
      take(graphiteLines(batch.metrics));
    }
  } catch (error) {
    return { points, damaged: spool.takeDamaged(), problem: messageOf(error) };
  } finally {
    spool.close();
  }
}

async function isRunning(world: World, path: string): Promise<boolean> {
  try {
    await world.daemon.ask(path, { ask: "status" });
    return true;
  } catch {
    return false;
  }
}

/** The running agent delivers it. */
async function flushSpool({ world, handler }: Task, path: string): Promise<number> {
  const { clock } = world.host({});
  await world.daemon.ask(path, { ask: "hurry", handler });
  const progress = createProgress(world.err, () => clock.monotonic());
  let first = 0;
  for (;;) {
    const status = await world.daemon.ask(path, { ask: "status" }) as Status;
    const one = status.handlers.find(({ name }) => name === handler)!;
    first = Math.max(first, one.spooled);
    if (one.spooled === 0) {
      progress.end(`${handler}: delivered by the running agent (process ${status.pid})`);
      return 0;
    }
    if (one.error !== undefined) throw configError(`${one.error.message}: ${one.error.advice}`);
    progress.show(1 - one.spooled / first, `${count(one.spooled)} wait`);
    await clock.sleep(POLL_MS);
  }
}

const POLL_MS = 200;
/** Without any progress. */
const PATIENCE_SECONDS = 60;

/** No agent runs: this process delivers it. */
async function deliver({ world, settings, folder }: Task, handler: string): Promise<number> {
  const part = partOf(settings!, handler);
  const host = world.host({});
  const spools = spoolsIn(world, folder, settings);
  const [job] = deliveryJobs(part, {
    host,
    log: warningsTo(world),
    random: () => 1,
    spools,
  });
  const progress = createProgress(world.err, () => host.clock.monotonic());
  const first = job.spooled;
  const started = host.clock.monotonic();
  for (let moved = started, seen = first; job.spooled > 0;) {
    const now = host.clock.monotonic();
    if (job.spooled !== seen) [moved, seen] = [now, job.spooled];
    if (now - moved > PATIENCE_SECONDS * 1000) break;
    progress.show(1 - job.spooled / first, `${count(job.spooled)} wait`);
    await host.clock.sleep(POLL_MS);
  }
  await job.stop(part.options.timeout);
  spools.close();
  const left = job.spooled;
  const took = lengthText((host.clock.monotonic() - started) / 1000);
  progress.end(
    `${handler}: ${count(first - left)} metrics delivered in ${took}, ${count(left)} wait`,
  );
  return left > 0 ? 1 : 0;
}

/** A spool is named after its handler, or after one backend of it. */
function partOf(settings: Settings, name: string) {
  const direct = settings.handlers.find(({ section }) => section === name);
  if (direct !== undefined && direct.handler.expand?.(direct.options) === undefined) return direct;
  for (const part of settings.handlers) {
    const backend = part.handler.expand?.(part.options)?.find((one) =>
      `${part.section} ${one.backend}` === name
    );
    if (backend !== undefined) {
      const { expand: _, ...handler } = part.handler;
      return { ...part, section: name, handler, options: backend.options };
    }
  }
  return handlerPart(settings, name);
}

function dropHere({ world, folder, handler, settings }: Task): number {
  const spools = spoolsIn(world, folder, settings);
  const spool = spools.open(handler, { warn: (message) => world.err.write(`${message}\n`) });
  const points = spool.drop();
  spool.close();
  spools.close();
  return points;
}

function spoolsIn(world: World, path: string, settings: Settings | undefined) {
  return world.spools({
    path,
    maxBytes: settings?.server.spool_max_bytes ?? Infinity,
    maxAge: settings?.server.spool_max_age ?? Infinity,
    sync: "process",
  });
}
