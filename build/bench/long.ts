/**
 * A long run: does anything grow? Memory, descriptors and threads of the whole agent, looked at for as long
 * as it runs; the growth is the slope of a line through what was seen after it had got warm.
 */

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { agentConfig } from "./contenders.ts";
import { createGroup, sleep } from "./processes.ts";
import { startSink } from "./sink.ts";

export interface LongRun {
  readonly folder: string;
  readonly agent: string;
  /** Seconds between two ticks: with fewer, an hour's ticks take less than an hour. */
  readonly interval: number;
  readonly minutes: number;
}

interface Look {
  readonly minute: number;
  /** Megabytes. */
  readonly rss: number;
  readonly anonymous: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Milliseconds a tick since the look before. */
  readonly cpu: number;
}

const PORT = 22_300;
const LOOKS = 60;
/** The part of the run that is its warming up: at most so many minutes. */
const WARM_PART = 0.3;
const WARM_MINUTES = 10;

/** A table, a line at a time; the last one has the growth. Also as JSON. */
export async function long(run: LongRun, tell: (line: string) => void): Promise<void> {
  const { folder, agent, interval, minutes } = run;
  mkdirSync(folder, { recursive: true });
  const sink = await startSink(folder, PORT);
  const group = createGroup("long");
  const looks: Look[] = [];
  try {
    const config = agentConfig(join(folder, "long"), { interval, port: PORT });
    const command = [agent, "run", "--foreground", "--skip-pidfile", "-c", config];
    group.start(command, {}, join(folder, "long.log"));
    tell("| minute | RSS, MB | anonymous | descriptors | threads | ms/tick |");
    tell("| --- | --- | --- | --- | --- | --- |");
    const pause = (minutes * 60) / LOOKS;
    let cost = 0;
    for (let at = 1; at <= LOOKS; at++) {
      await sleep(pause * 1000);
      const pids = group.pids();
      if (pids.length === 0) throw new Error(`The agent ended: ${folder}/long.log`);
      const { rss, anonymous } = group.memory();
      const { cpu } = group.cost();
      const look = {
        minute: (at * pause) / 60,
        rss: rss / 1024,
        anonymous: anonymous / 1024,
        descriptors: pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0),
        threads: group.threads(),
        cpu: (cpu - cost) / (pause / interval),
      };
      cost = cpu;
      looks.push(look);
      const cells = [look.minute, look.rss, look.anonymous].map((value) => value.toFixed(1));
      tell(
        `| ${cells.join(" | ")} | ${look.descriptors} | ${look.threads} | ${look.cpu.toFixed(2)} |`,
      );
    }
    const warm = looks.filter(({ minute }) => minute > Math.min(WARM_MINUTES, minutes * WARM_PART));
    const ticks = Math.round((warm.at(-1)!.minute - warm[0].minute) * 60 / interval);
    const points = sink.counters().lines;
    tell(`\n${points} points. In ${ticks} ticks after it had got warm:`);
    for (const name of ["rss", "anonymous", "descriptors", "threads"] as const) {
      const percent = growth(warm.map((look) => [look.minute, look[name]])) * 100;
      tell(`${name}: ${percent.toFixed(2)} percent`);
    }
    writeFileSync(join(folder, "long.json"), `${JSON.stringify({ run, looks }, null, 2)}\n`);
  } finally {
    await group.end();
    sink.end();
  }
}

/** How much the line of least squares rises from the first value to the last, as a part of the first. */
function growth(values: readonly (readonly [x: number, y: number])[]): number {
  const mean = (of: (value: readonly [number, number]) => number) =>
    values.reduce((sum, value) => sum + of(value), 0) / values.length;
  const [x, y] = [mean(([x]) => x), mean(([, y]) => y)];
  const slope = mean((value) => (value[0] - x) * (value[1] - y)) / mean(([at]) => (at - x) ** 2);
  const first = y + slope * (values[0][0] - x);
  return (slope * (values.at(-1)![0] - values[0][0])) / first;
}
