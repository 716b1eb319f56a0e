/**
 * Graphite's read API beside a real graphite-web (Debian's package): the same points in a history and in Whisper
 * files, the same requests, equal answers.
 */

import { deepEqual } from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Metric } from "../../src/core/metric.ts";
import { parseParameters } from "../../src/formats/query_string.ts";
import { createHistory } from "../../src/history/history.ts";
import { openHistoryFile } from "../../src/platform/history/history_file.ts";
import { silentLog } from "../../src/ports/log.ts";
import { failed } from "../../src/web/answers.ts";
import { apiRoutes } from "../../src/web/api.ts";
import { fakeContext } from "../web/context.ts";
import { FINDS, RANGES, TARGETS } from "./requests.ts";

const STEP = 10;
const NOW = Math.floor(Date.now() / 1000);
const COUNT = 2160;
const folder = mkdtempSync(join(tmpdir(), "diamond-graphite-web-"));

/** Points of some hours: gauges, a counter that begins again, gaps, a series that ends early. */
function pointsOf(path: string, seed: number): [number, number][] {
  const points: [number, number][] = [];
  let counter = 0;
  for (let at = 0; at < COUNT; at++) {
    const time = NOW - (COUNT - at) * STEP;
    const noise = Math.abs(Math.sin(at * 12.9898 + seed * 78.233)) * 100;
    counter = at % 700 === 699 ? 0 : counter + Math.round(noise);
    if (path.includes("gaps") && at % 7 > 3) continue;
    if (path.includes("ended") && at > COUNT / 2) continue;
    const value = path.includes("count") ? counter : Number((noise - 20).toFixed(2));
    points.push([time, value]);
  }
  return points;
}

const PATHS = [
  "servers.web-1.cpu.cpu0.user",
  "servers.web-1.cpu.cpu1.user",
  "servers.web-1.cpu.total.user",
  "servers.web-1.cpu.total.idle",
  "servers.web-1.net.eth0.count",
  "servers.web-1.net.gaps",
  "servers.web-2.cpu.total.user",
  "servers.web-2.ended",
];
const series = Object.fromEntries(PATHS.map((path, seed) => [path, pointsOf(path, seed)]));

/** The routes of this agent, over a history with the same points. */
function ours() {
  const history = createHistory({
    ...{ file: openHistoryFile(join(folder, "history.db"), silentLog), maxBytes: 64e6 },
    ...{ maxAge: 30 * 86_400, now: () => NOW, damaged: () => {} },
  });
  for (const [path, points] of Object.entries(series)) {
    const of = { path, precision: 2 } as Metric["series"];
    history.write(points.map(([timestamp, value]) => ({ series: of, value, timestamp })));
  }
  const { context } = fakeContext([], history, { state: () => ({ runners: [] }) as never });
  const routes = apiRoutes({ ...context, clock: { ...context.clock, now: () => NOW * 1000 } });
  return async (path: string, query: string) => {
    try {
      return await routes[path](parseParameters(query));
    } catch (error) {
      return failed(error);
    }
  };
}

async function graphiteWeb() {
  const script = join(import.meta.dirname!, "graphite_web.py");
  const child = spawn("/usr/bin/python3", [script, join(folder, "graphite")], {
    env: { ...process.env, TZ: "UTC" },
    stdio: ["pipe", "pipe", process.env.VERBOSE ? "inherit" : "ignore"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error("graphite-web has ended: is the package graphite-web installed?");
    return JSON.parse(value);
  };
  child.stdin.write(`${JSON.stringify({ series, step: STEP })}\n`);
  await next();
  return {
    ask(path: string, query: string): Promise<{ status: number; body: string }> {
      child.stdin.write(`${JSON.stringify({ path, query })}\n`);
      return next();
    },
    end: () => child.stdin.end(),
  };
}

/** Without tags, and with the digits in which Python and JavaScript agree. */
function comparable(body: string): unknown {
  return JSON.parse(body, (key, value) => {
    if (key === "tags") return undefined;
    return typeof value === "number" ? Number(value.toPrecision(12)) : value;
  });
}

const requests = [
  ...TARGETS.flatMap((target) => RANGES.map((range) => [target, range] as const)).map((
    [target, range],
  ) => ["/render", `target=${encodeURIComponent(target)}&now=${NOW}&format=json&${range}`]),
  ...FINDS.map((query) => ["/metrics/find", query]),
];
const [graphite, agent] = [await graphiteWeb(), ours()];
let equal = 0;
let unanswered = 0;
const different: string[] = [];
for (const [path, query] of requests) {
  const [theirs, mine] = [await graphite.ask(path, query), await agent(path, query)];
  if (theirs.status >= 500) {
    unanswered++;
    continue;
  }
  try {
    deepEqual(mine.status === 200, theirs.status === 200, `${mine.status} and ${theirs.status}`);
    if (theirs.status === 200) deepEqual(comparable(mine.body), comparable(theirs.body));
    equal++;
  } catch (error) {
    different.push(`${path}?${decodeURIComponent(query)}\n${(error as Error).message}`);
  }
}
graphite.end();
rmSync(folder, { recursive: true, force: true });
for (const one of different) console.log(`${one}\n`);
console.log(
  `${requests.length} requests, ${equal} answers are equal, ${different.length} are not; ` +
    `to ${unanswered} graphite-web has none, but an error of its own`,
);
process.exit(different.length === 0 ? 0 : 1);
