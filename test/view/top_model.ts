/** An agent as `top` sees it: two handlers, of which one fails, and what a host of two disks publishes. */

import { collectorThatIsOff } from "../../src/agent/collector_status.ts";
import { handlerThatIsOff } from "../../src/agent/handler_status.ts";
import type { CollectorStatus, HandlerStatus, Status } from "../../src/agent/status.ts";
import { overview } from "../../src/view/overview.ts";
import type { TopModel } from "../../src/view/top/model.ts";
import { Samples } from "../../src/view/top/samples.ts";

/** A local time, so that screens are the same in each zone. */
export const NOW = new Date(2026, 10, 28, 12, 31, 7).getTime();
const SECONDS = NOW / 1000;
const MINUTE = 60_000;

function collector(
  name: string,
  milliseconds: number,
  more: Partial<CollectorStatus> = {},
): CollectorStatus {
  const time = { min: milliseconds / 2, mean: milliseconds * 0.8, max: 3 * milliseconds };
  return {
    ...collectorThatIsOff(name),
    state: "ok",
    interval: 10,
    lastRun: NOW - 4000,
    lastPublished: NOW - 4000,
    runs: 1200,
    points: 18_340,
    milliseconds,
    time,
    ...more,
  };
}

function problem(message: string, first: number, advice: string) {
  return { message, code: undefined, first, last: NOW - 2000, count: 7, advice };
}

const REFUSED = problem(
  "cannot connect to 10.0.0.5:2003: connection refused",
  NOW - 30 * MINUTE,
  "Is the backend running?",
);

const HANDLERS: readonly HandlerStatus[] = [
  {
    ...handlerThatIsOff("HistoryHandler"),
    state: "ok",
    destination: "/var/lib/diamond/history.db",
    lag: 0.004,
    delivered: 1_204_511,
  },
  {
    ...handlerThatIsOff("GraphiteHandler"),
    state: "failing",
    destination: "10.0.0.5:2003",
    delivered: 1_141_230,
    queued: 351,
    spooled: 62_930,
    behind: 1803,
    error: REFUSED,
  },
  handlerThatIsOff("StatsdHandler"),
];

const COLLECTORS: readonly CollectorStatus[] = [
  ...[
    ["CPUCollector", 0.21],
    ["DiskSpaceCollector", 2.4],
    ["DiskUsageCollector", 0.34],
    ["FilestatCollector", 0.05],
    ["LoadAverageCollector", 0.04],
    ["MemoryCollector", 0.09],
    ["NetworkCollector", 0.12],
    ["NginxCollector", 12.7],
    ["SockstatCollector", 0.06],
    ["TCPCollector", 0.3],
    ["VMStatCollector", 0.11],
  ].map(([name, took]) => collector(String(name), Number(took))),
  collector("PostgresqlCollector", 31, {
    state: "no data",
    failures: 3,
    error: problem(
      'cannot log in at 127.0.0.1:5432: password authentication failed for user "diamond"',
      NOW - 26 * 60 * MINUTE,
      "Set password",
    ),
  }),
  collectorThatIsOff("PingCollector"),
];

const GIB = 1024 ** 3;
/** The height of each series, what it varies by, and its unit. */
const SERIES: Readonly<Record<string, readonly [number, number, string]>> = {
  "cpu.total.user": [22, 18, "percent"],
  "cpu.total.system": [7, 5, "percent"],
  "cpu.total.iowait": [1.2, 1, "percent"],
  "loadavg.01": [1.4, 1.1, ""],
  "loadavg.05": [1.2, 0.5, ""],
  "loadavg.15": [0.9, 0.2, ""],
  "memory.MemTotal": [16 * GIB, 0, "byte"],
  "memory.MemAvailable": [6.5 * GIB, 3 * GIB, "byte"],
  "memory.Cached": [4.1 * GIB, 0.2 * GIB, "byte"],
  "memory.Buffers": [0.3 * GIB, 0, "byte"],
  "memory.MemFree": [2.1 * GIB, 0.6 * GIB, "byte"],
  "diskspace.root.byte_percentfree": [8.9, 0.1, "percent"],
  "diskspace._srv.byte_percentfree": [66, 0.1, "percent"],
  "iostat.sda.read_byte_per_second": [310_000, 300_000, "byte/s"],
  "iostat.sda.write_byte_per_second": [2_400_000, 2_100_000, "byte/s"],
  "network.eth0.rx_byte": [860_000, 800_000, "byte/s"],
  "network.eth0.tx_byte": [5_100_000, 4_200_000, "byte/s"],
};
const PATHS = Object.keys(SERIES).map((tail) => `servers.web-1.${tail}`);

function seriesOf(path: string) {
  return SERIES[path.slice("servers.web-1.".length)];
}

function valueAt(path: string, time: number): number {
  const [height, swing] = seriesOf(path);
  return height + Math.sin(time / 47) * Math.cos(time / 211 + path.length) * swing;
}

/** Ten minutes, every ten seconds, with an outage of a minute in the network's values. */
function samplesOf(): Samples {
  const samples = new Samples();
  for (const path of PATHS) {
    for (let ago = 600; ago >= 7; ago -= 10) {
      if (path.includes(".network.") && ago > 240 && ago < 330) continue;
      samples.add(path, SECONDS - ago, valueAt(path, 1000 - ago));
    }
  }
  return samples;
}

export const STATUS: Status = {
  now: NOW,
  host: "web-1",
  version: "0.3.0",
  pid: 412,
  started: NOW - 79 * 60 * MINUTE,
  rss: 29_360_128,
  cpu: 91_000,
  maxMemory: 134_217_728,
  collectors: COLLECTORS,
  handlers: HANDLERS,
  degraded: ["GraphiteHandler cannot deliver", "PostgresqlCollector has no data"],
};

/** `CPUCollector` publishes `….cpu.…`. */
function isOf(name: string, path: string): boolean {
  return path.split(".")[2].startsWith(name.replace("Collector", "").toLowerCase().slice(0, 4));
}

export function topModel(more: Partial<TopModel> = {}): TopModel {
  const series = PATHS.toSorted().map((path) => ({
    path,
    value: valueAt(path, 993),
    time: SECONDS - 7,
    unit: seriesOf(path)[2],
    collector: COLLECTORS.find(({ name }) => isOf(name, path))?.name ?? "",
  }));
  return {
    status: STATUS,
    cpuPercent: 0.41,
    metrics: { total: series.length, series },
    panels: overview(PATHS),
    samples: samplesOf(),
    end: SECONDS,
    now: SECONDS,
    hasHistory: true,
    ...more,
  };
}
