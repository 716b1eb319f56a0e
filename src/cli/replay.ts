/** `replay`: sends what an ArchiveHandler wrote once more, and goes on where it was interrupted. */

import { type DeliveryJob, deliveryJobs } from "../agent/delivery_job.ts";
import { configError, messageOf } from "../core/errors.ts";
import type { Clock } from "../ports/clock.ts";
import type { Metric, Series } from "../core/metric.ts";
import { visible } from "../core/visible.ts";
import { type GraphitePoint, parseGraphiteLine } from "../formats/graphite_line.ts";
import { type CommandSpec, configFlag, type Flags } from "./command.ts";
import { UsageError } from "./flags.ts";
import { handlerPart, serverSettings, warningsTo } from "./handler_part.ts";
import { createProgress } from "./progress.ts";
import { count, span } from "../formats/figures.ts";
import type { World } from "./world.ts";

/** Lines between two looks at how far it is. */
const CHUNK = 2000;
/** Chunks to remember: more than what was sent last and not acknowledged. */
const MAX_ENDS = 10_000;
const POLL_MS = 5;
/** Positions are kept this often, for one that is killed. */
const KEEP_MS = 1000;
const MAX_SERIES = 200_000;

export function replayCommand(world: World): CommandSpec {
  return {
    name: "replay",
    summary: "Send an archive of Graphite lines again",
    operands: "FILE",
    args: {
      file: { type: "positional", required: false, description: "The archive, also as .gz" },
      ...configFlag,
      handler: { type: "string", valueHint: "NAME", description: "The handler to send by" },
      since: { type: "string", valueHint: "TIME", description: "Only from this time on" },
      until: { type: "string", valueHint: "TIME", description: "Only before this time" },
      match: { type: "string", valueHint: "REGEX", description: "Only paths that match" },
      rate: {
        type: "string",
        valueHint: "N",
        description: "Lines a second, 0: as fast as it goes (default 10000)",
      },
      restart: { type: "boolean", description: "From the beginning, not from where it stopped" },
    },
    examples: [
      "diamond-agent replay /var/log/diamond/archive.log --handler GraphiteHandler",
      "diamond-agent replay archive.log.gz --handler GraphiteHandler --since 2026-01-31 --match '\\.cpu\\.'",
    ],
    notes:
      "TIME is seconds since the epoch, or a date such as 2026-01-31 or 2026-01-31T12:00Z. Ctrl-C stops between " +
      "two lines; the same command goes on there: the position is kept beside the archive. Exit status 1: not all was sent.",
    run: (flags) => replay(world, flags),
  };
}

interface Filter {
  readonly since: number;
  readonly until: number;
  readonly match: string;
}

async function replay(world: World, flags: Flags): Promise<number> {
  const [file] = flags.words;
  if (file === undefined) throw new UsageError("Which archive? Name a file of Graphite lines");
  const name = flags.text("handler");
  if (name === undefined) {
    throw new UsageError("--handler says where it goes, as the configuration has it");
  }
  const filter: Filter = {
    since: timeOf(flags, "since", -Infinity),
    until: timeOf(flags, "until", Infinity),
    match: flags.text("match") ?? "",
  };
  const rate = Number(flags.text("rate") ?? 10_000);
  if (!(rate >= 0)) throw new UsageError(`--rate needs a number, not "${flags.text("rate")}"`);
  const pattern = regexOf(filter.match);

  const part = handlerPart(await serverSettings(world, flags), name);
  const host = world.host({});
  const path = world.files.absolute(file);
  const position = positionOf(world, path, name, filter, flags.on("restart"));
  const source = world.readLines(path);
  const jobs = deliveryJobs(part, { host, log: warningsTo(world), random: () => 1 });
  const progress = createProgress(world.err, () => host.clock.monotonic());
  let asked = false;
  world.daemon.onSignal(["SIGINT", "SIGTERM"], () => (asked = true));

  const started = host.clock.monotonic();
  const from = position.line;
  if (from > 0) world.err.write(`Goes on at line ${count(from + 1)} (--restart begins again)\n`);
  const seriesOf = seriesMaker();
  let read = 0;
  let sent = 0;
  let bad = 0;
  let kept = started;
  let chunk: Metric[] = [];
  /** Where each chunk ended: what is lost at the stop is of the last ones, and is sent again. */
  const ends: { line: number; sent: number }[] = [];

  async function sendChunk(): Promise<boolean> {
    for (const job of jobs) job.send(chunk);
    sent += chunk.length;
    chunk = [];
    if (!await drained(jobs, host.clock, () => asked)) return false;
    position.line = read;
    ends.push({ line: read, sent });
    if (ends.length > MAX_ENDS) ends.splice(0, MAX_ENDS / 2);
    const now = host.clock.monotonic();
    if (now - kept > KEEP_MS) {
      kept = now;
      position.keep();
    }
    const seconds = (now - started) / 1000;
    progress.show(
      source.progress(),
      `${count(sent)} lines, ${count(Math.round(sent / seconds))}/s`,
    );
    const early = rate > 0 ? (sent / rate - seconds) * 1000 : 0;
    if (early > 0) await host.clock.sleep(early);
    return !asked;
  }

  let complete = true;
  for await (const line of source.lines) {
    if (++read <= from) continue;
    const point = parseGraphiteLine(line);
    if (point === undefined) {
      if (line.trim() !== "" && ++bad === 1) {
        world.err.write(
          `${path}:${read}: "${visible(line.slice(0, 80))}" is not a Graphite line; left out\n`,
        );
      }
    } else if (
      point.timestamp >= filter.since && point.timestamp < filter.until &&
      (pattern?.test(point.path) ?? true)
    ) {
      chunk.push({ series: seriesOf(point), value: point.value, timestamp: point.timestamp });
    }
    if (chunk.length >= CHUNK && !await sendChunk()) {
      complete = false;
      break;
    }
  }
  if (complete) complete = await sendChunk() || !asked;
  await Promise.all(jobs.map((job) => job.stop(part.options.timeout)));
  const lost = jobs.reduce((sum, job) => sum + job.dropped, 0);
  if (lost > 0) position.line = ends.findLast((end) => end.sent <= sent - lost)?.line ?? from;
  if (complete && lost === 0) position.forget();
  else position.keep();
  const took = span((host.clock.monotonic() - started) / 1000);
  progress.end(
    `${count(sent)} lines sent in ${took}${
      bad > 0 ? `, ${count(bad)} were not Graphite lines` : ""
    }` +
      (lost > 0 ? `, ${count(lost)} could not be delivered` : "") +
      (complete
        ? ""
        : `; interrupted, the same command goes on at line ${count(position.line + 1)}`),
  );
  return complete && lost === 0 ? 0 : 1;
}

/** Waits until every backend has taken everything; false where that is given up. */
async function drained(
  jobs: readonly DeliveryJob[],
  clock: Clock,
  asked: () => boolean,
): Promise<boolean> {
  while (jobs.some(({ queued }) => queued > 0)) {
    if (asked() && jobs.some(({ trouble }) => trouble !== undefined)) return false;
    await clock.sleep(POLL_MS);
  }
  return true;
}

/** Lines that are done, kept beside the archive. */
function positionOf(world: World, path: string, handler: string, filter: Filter, restart: boolean) {
  const store = world.state(`${path}.${handler.replace(/[^\w.-]+/g, "_")}.replay`);
  const wanted = JSON.stringify(filter);
  let line = 0;
  const text = restart ? undefined : store.read();
  if (text !== undefined) {
    const kept = parsePosition(text);
    if (kept === undefined) {
      throw configError(
        `"${store.path}" does not hold a position; --restart begins at the first line`,
      );
    }
    if (kept.filter !== wanted) {
      throw configError(
        `"${store.path}" says that this was begun with other filters: repeat those, or --restart`,
      );
    }
    line = kept.line;
  }
  return {
    line,
    keep() {
      try {
        store.write(JSON.stringify({ line: this.line, filter: wanted }));
      } catch (error) {
        world.err.write(`The position cannot be kept: ${messageOf(error)}\n`);
      }
    },
    forget: () => store.remove(),
  };
}

function parsePosition(text: string): { line: number; filter: string } | undefined {
  try {
    const { line, filter } = JSON.parse(text);
    return Number.isSafeInteger(line) && line >= 0 && typeof filter === "string"
      ? { line, filter }
      : undefined;
  } catch {
    return undefined;
  }
}

function timeOf(flags: Flags, name: string, fallback: number): number {
  const text = flags.text(name);
  if (text === undefined) return fallback;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isNaN(seconds)) throw new UsageError(`--${name}: "${text}" is not a time`);
  return seconds;
}

function regexOf(source: string): RegExp | undefined {
  try {
    return source === "" ? undefined : new RegExp(source);
  } catch (error) {
    throw new UsageError(`--match: ${messageOf(error)}`);
  }
}

/** The archive has paths only: their parts are not known any more. */
function seriesMaker(): (point: GraphitePoint) => Series {
  const known = new Map<string, Series>();
  return ({ path, precision }) => {
    const key = `${path} ${precision}`;
    let series = known.get(key);
    if (series === undefined) {
      if (known.size >= MAX_SERIES) known.clear();
      series = {
        path,
        prefix: "",
        host: null,
        suffix: "",
        collector: "",
        name: path,
        pattern: path,
        labels: {},
        instance: null,
        kind: "gauge",
        precision,
        unit: "",
        help: "",
        ttl: 0,
      };
      known.set(key, series);
    }
    return series;
  };
}
