/**
 * The agent beside its peers and the floor. All are started and warmed up side by side; then each is
 * measured alone, in turn, round after round, while the others stand still.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, contenders } from "./contenders.ts";
import { createGroup, type Group, median, type Memory, sleep, type Switches } from "./processes.ts";
import { type Sink, startSink } from "./sink.ts";

export interface Plan {
  readonly folder: string;
  readonly agent: string;
  /** Seconds: between two ticks, before the first window, of a window. */
  readonly interval: number;
  readonly warm: number;
  readonly seconds: number;
  readonly rounds: number;
  /** Starts of each, for the time to the first point. */
  readonly starts: number;
  /** Parts of names; empty: all. */
  readonly only: readonly string[];
}

interface Window {
  readonly points: number;
  readonly cpu: number;
  readonly switches: number;
  /** At its end. */
  readonly memory: Memory;
}

export interface Row {
  readonly name: string;
  readonly points: number;
  /** Milliseconds a tick, user and system together: the median of the windows, the least and the most. */
  readonly cpu: number;
  readonly cpuLeast: number;
  readonly cpuMost: number;
  /** Microseconds. */
  readonly cpuPerPoint: number;
  /** Megabytes, medians of the windows: memory goes up and down with each collection of garbage. */
  readonly rss: number;
  readonly pss: number;
  readonly anonymous: number;
  readonly wakeUps: number;
  readonly threads: number;
  /** Milliseconds; NaN for one that waits to be asked. */
  readonly first: number;
  readonly size: number;
}

interface Running {
  readonly contender: Contender;
  readonly sink: Sink | undefined;
  readonly group: Group;
  readonly log: string;
  readonly windows: Window[];
  /** Samples that were fetched from one that waits to be asked. */
  scraped: number;
  first: number;
}

const FIRST_PORT = 22_100;
/** Until an agent that stood still is in step again, in intervals, and at least this many seconds. */
const SETTLE_INTERVALS = 2;
const SETTLE_SECONDS = 4;
const FIRST_POINT_MS = 20_000;
const FLOOR_LINES = 340;

export async function compare(plan: Plan, tell: (line: string) => void): Promise<Row[]> {
  const { folder, agent, interval, warm, seconds, rounds } = plan;
  mkdirSync(folder, { recursive: true });
  const line = (at: number) =>
    `servers.testhost.collector.some.metric_${at} 12345678.25 1795504447\n`;
  const text = Array.from({ length: FLOOR_LINES }, (_, at) => line(at));
  writeFileSync(join(folder, "tick.txt"), text.join(""));
  const all = contenders({ folder, agent, interval, port: (at) => FIRST_PORT + at });
  const running: Running[] = [];
  try {
    for (const [at, contender] of all.entries()) {
      if (plan.only.length > 0 && !plan.only.some((part) => contender.name.includes(part))) {
        continue;
      }
      if (contender.missing !== undefined) {
        tell(`Left out: ${contender.name}, since ${contender.missing} (build/bench/install)`);
        continue;
      }
      running.push({
        contender,
        sink: contender.scrape === undefined ? await startSink(folder, FIRST_PORT + at) : undefined,
        group: createGroup(`${at}`),
        log: join(folder, `${at}.log`),
        windows: [],
        scraped: 0,
        first: NaN,
      });
    }
    for (const one of running) {
      one.first = await firstPoint(one, plan.starts);
      tell(`${one.contender.name}: first point after ${one.first.toFixed(0)} ms`);
    }
    for (const { group, contender, log } of running) {
      group.start(contender.command, contender.env, log);
      await sleep(130);
    }
    tell(`All run; ${warm} s to get warm`);
    const stopScraping = scrape(running, interval);
    await sleep(warm * 1000);
    for (const one of running) {
      if (one.group.pids().length === 0) throw new Error(`${one.contender.name} ended: ${one.log}`);
    }
    for (let round = 1; round <= rounds; round++) {
      for (const one of running) {
        for (const { group } of running) if (group !== one.group) group.pause();
        one.group.resume();
        await sleep(1000 * Math.max(SETTLE_SECONDS, SETTLE_INTERVALS * interval));
        one.windows.push(await window(one, seconds));
      }
      tell(`Round ${round} of ${rounds} is done`);
    }
    stopScraping();
    return running.map((one) => rowOf(one, plan));
  } finally {
    for (const { group, sink } of running) {
      await group.end();
      sink?.end();
    }
  }
}

async function window(one: Running, seconds: number): Promise<Window> {
  const points = () => one.sink?.counters().lines ?? one.scraped;
  const [before, from] = [one.group.cost(), points()];
  await sleep(seconds * 1000);
  const [after, to] = [one.group.cost(), points()];
  return {
    points: to - from,
    cpu: after.cpu - before.cpu,
    switches: switchesBetween(before.switches, after.switches),
    memory: one.group.memory(),
  };
}

/** Those of a thread that has ended meanwhile are not known. */
function switchesBetween(before: Switches, after: Switches): number {
  let sum = 0;
  for (const [task, count] of after) sum += count - (before.get(task) ?? 0);
  return sum;
}

/** Returns what ends it. */
function scrape(running: readonly Running[], interval: number): () => void {
  const timer = setInterval(async () => {
    for (const one of running) {
      if (one.contender.scrape === undefined) continue;
      try {
        const signal = AbortSignal.timeout(900);
        const text = await (await fetch(one.contender.scrape, { signal })).text();
        one.scraped += text.split("\n").filter((line) => line !== "" && line[0] !== "#").length;
      } catch {
        // It stands still while another one is measured.
      }
    }
  }, interval * 1000);
  return () => clearInterval(timer);
}

/** Median of some starts, from the exec on. */
async function firstPoint(
  { contender, sink, group, log }: Running,
  starts: number,
): Promise<number> {
  if (sink === undefined) return NaN;
  const times: number[] = [];
  for (let start = 0; start < starts; start++) {
    sink.reset();
    group.start(contender.command, contender.env, log);
    const until = performance.now() + FIRST_POINT_MS;
    while (sink.counters().lines === 0 && performance.now() < until) await sleep(1);
    const { lines, first } = sink.counters();
    times.push(lines === 0 ? NaN : first - group.began());
    await group.stop();
  }
  return median(times);
}

function rowOf({ contender, group, windows, first }: Running, plan: Plan): Row {
  const ticks = plan.seconds / plan.interval;
  const cpu = windows.map((one) => one.cpu / ticks);
  const points = median(windows.map((one) => one.points / ticks));
  const megabytes = (kind: keyof Memory) => median(windows.map((one) => one.memory[kind])) / 1024;
  return {
    name: contender.name,
    points,
    cpu: median(cpu),
    cpuLeast: Math.min(...cpu),
    cpuMost: Math.max(...cpu),
    cpuPerPoint: (median(cpu) * 1000) / points,
    rss: megabytes("rss"),
    pss: megabytes("pss"),
    anonymous: megabytes("anonymous"),
    wakeUps: median(windows.map(({ switches }) => switches / plan.seconds)),
    threads: group.threads(),
    first,
    size: contender.size,
  };
}
