/** `replay`: sends what an ArchiveHandler wrote once more, and goes on where it was interrupted. */

import { type DeliveryJob, deliveryJobs } from "../agent/delivery_job.ts";
import type { HandlerSettings } from "../config/settings.ts";
import { messageOf } from "../core/errors.ts";
import type { Metric } from "../core/metric.ts";
import { count } from "../formats/figures.ts";
import type { Clock } from "../ports/clock.ts";
import { type ArchiveFilter, ArchiveReader } from "./archive_reader.ts";
import { type CommandSpec, configFlag, type Flags } from "./command.ts";
import { UsageError } from "./flags.ts";
import { handlerPart, serverSettings, warningsTo } from "./handler_part.ts";
import { createProgress } from "./progress.ts";
import { ReplayPosition } from "./replay_position.ts";
import { lengthText } from "../view/lengths.ts";
import type { World } from "./world.ts";

/** Lines between two looks at how far it is. */
const CHUNK = 2000;
/** Chunks to remember: more than what was sent last and not acknowledged. */
const MAX_ENDS = 10_000;
const POLL_MS = 5;
/** Positions are kept this often, for one that is killed. */
const KEEP_MS = 1000;

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

async function replay(world: World, flags: Flags): Promise<number> {
  const [file] = flags.words;
  if (file === undefined) throw new UsageError("Which archive? Name a file of Graphite lines");
  const name = flags.text("handler");
  if (name === undefined) {
    throw new UsageError("--handler says where it goes, as the configuration has it");
  }
  const filter: ArchiveFilter = {
    since: timeOf(flags, "since", -Infinity),
    until: timeOf(flags, "until", Infinity),
    match: flags.text("match") ?? "",
  };
  const rate = Number(flags.text("rate") ?? 10_000);
  if (!(rate >= 0)) throw new UsageError(`--rate needs a number, not "${flags.text("rate")}"`);
  const path = world.files.absolute(file);
  const reader = readerOf(world, path, filter);
  const part = handlerPart(await serverSettings(world, flags), name);
  const position = new ReplayPosition(world, path, name, filter);
  if (!flags.on("restart")) position.restore();
  const all = new Replay(world, part, { source: world.readLines(path), reader, position, rate });
  return await all.run() ? 0 : 1;
}

interface Archive {
  readonly source: ReturnType<World["readLines"]>;
  readonly reader: ArchiveReader;
  readonly position: ReplayPosition;
  /** Lines a second; 0: without a limit. */
  readonly rate: number;
}

class Replay {
  readonly #archive: Archive;
  readonly #clock: Clock;
  readonly #err: World["err"];
  readonly #jobs: readonly DeliveryJob[];
  readonly #progress: ReturnType<typeof createProgress>;
  readonly #stopSeconds: number;
  readonly #started: number;
  #isAsked = false;
  #sent = 0;
  #keptAt: number;
  #chunk: Metric[] = [];
  /** Where each chunk ended: what is lost at the stop is of the last ones, and is sent again. */
  readonly #ends: { line: number; sent: number }[] = [];

  constructor(world: World, part: HandlerSettings, archive: Archive) {
    const host = world.host({});
    this.#archive = archive;
    this.#clock = host.clock;
    this.#err = world.err;
    this.#jobs = deliveryJobs(part, { host, log: warningsTo(world), random: () => 1 });
    this.#progress = createProgress(world.err, () => host.clock.monotonic());
    this.#stopSeconds = part.options.timeout;
    this.#started = host.clock.monotonic();
    this.#keptAt = this.#started;
    world.daemon.onSignal(["SIGINT", "SIGTERM"], () => (this.#isAsked = true));
  }

  /** Whether all was sent. */
  async run(): Promise<boolean> {
    const { position } = this.#archive;
    const from = position.line;
    if (from > 0) {
      this.#err.write(`Goes on at line ${count(from + 1)} (--restart begins again)\n`);
    }
    const isComplete = await this.#sendFrom(from);
    await Promise.all(this.#jobs.map((job) => job.stop(this.#stopSeconds)));
    const lost = this.#jobs.reduce((sum, job) => sum + job.dropped, 0);
    if (lost > 0) {
      position.line = this.#ends.findLast(({ sent }) => sent <= this.#sent - lost)?.line ?? from;
    }
    if (isComplete && lost === 0) position.forget();
    else position.keep();
    this.#progress.end(this.#summary(isComplete, lost));
    return isComplete && lost === 0;
  }

  /** False where it was interrupted. */
  async #sendFrom(first: number): Promise<boolean> {
    const { reader, source } = this.#archive;
    for await (const line of source.lines) {
      if (reader.lines < first) {
        reader.skip();
        continue;
      }
      const metric = reader.read(line);
      if (metric !== undefined) this.#chunk.push(metric);
      if (this.#chunk.length >= CHUNK && !await this.#sendChunk()) return false;
    }
    return await this.#sendChunk() || !this.#isAsked;
  }

  /** False where it is to stop. */
  async #sendChunk(): Promise<boolean> {
    const { position, reader } = this.#archive;
    for (const job of this.#jobs) job.send(this.#chunk);
    this.#sent += this.#chunk.length;
    this.#chunk = [];
    if (!await this.#drained()) return false;
    position.line = reader.lines;
    this.#ends.push({ line: reader.lines, sent: this.#sent });
    if (this.#ends.length > MAX_ENDS) this.#ends.splice(0, MAX_ENDS / 2);
    const now = this.#clock.monotonic();
    if (now - this.#keptAt > KEEP_MS) {
      this.#keptAt = now;
      position.keep();
    }
    await this.#pace((now - this.#started) / 1000);
    return !this.#isAsked;
  }

  /** Waits until every backend has taken everything; false where that is given up. */
  async #drained(): Promise<boolean> {
    while (this.#jobs.some(({ queued }) => queued > 0)) {
      if (this.#isAsked && this.#jobs.some(({ trouble }) => trouble !== undefined)) return false;
      await this.#clock.sleep(POLL_MS);
    }
    return true;
  }

  /** Shows how far it is, and waits where it is ahead of its rate. */
  async #pace(seconds: number): Promise<void> {
    const { source, rate } = this.#archive;
    const perSecond = count(Math.round(this.#sent / seconds));
    this.#progress.show(source.progress(), `${count(this.#sent)} lines, ${perSecond}/s`);
    const early = rate > 0 ? (this.#sent / rate - seconds) * 1000 : 0;
    if (early > 0) await this.#clock.sleep(early);
  }

  #summary(isComplete: boolean, lost: number): string {
    const { reader: { bad }, position } = this.#archive;
    const took = lengthText((this.#clock.monotonic() - this.#started) / 1000);
    const next = count(position.line + 1);
    return [
      `${count(this.#sent)} lines sent in ${took}`,
      bad > 0 ? `, ${count(bad)} were not Graphite lines` : "",
      lost > 0 ? `, ${count(lost)} could not be delivered` : "",
      isComplete ? "" : `; interrupted, the same command goes on at line ${next}`,
    ].join("");
  }
}

function readerOf({ err }: World, path: string, filter: ArchiveFilter): ArchiveReader {
  try {
    return new ArchiveReader(filter, (line, text) => {
      err.write(`${path}:${line}: "${text}" is not a Graphite line; left out\n`);
    });
  } catch (error) {
    throw new UsageError(`--match: ${messageOf(error)}`);
  }
}

function timeOf(flags: Flags, name: string, fallback: number): number {
  const text = flags.text(name);
  if (text === undefined) return fallback;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Date.parse(text) / 1000;
  if (Number.isNaN(seconds)) throw new UsageError(`--${name}: "${text}" is not a time`);
  return seconds;
}
