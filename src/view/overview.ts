/**
 * The charts of the first screen: which of a host's series go into which, known by the end of their paths, since
 * options change how paths begin.
 */

export interface Panel {
  readonly id: string;
  readonly title: string;
  /** As series have it: `percent`, `byte`, `byte/s`; empty for a plain number. */
  readonly unit: string;
  /** Values add up to something that has a meaning. */
  readonly stacked: boolean;
  readonly series: readonly PanelSeries[];
}

interface PanelSeries {
  readonly path: string;
  readonly label: string;
}

type Found = PanelSeries & {
  /** Where it stands: natural order. */
  readonly rank: string;
  /** Of a series that comes in many units. */
  readonly unit?: string;
};

interface Chart extends Omit<Panel, "series" | "unit"> {
  /** Of a chart whose series come in one unit. */
  readonly unit?: string;
  /** What follows the prefix. */
  readonly tail: RegExp;
  /** Undefined: it is not for this chart. `parts`: the groups of `tail`. */
  read(parts: readonly string[], path: string): Found | undefined;
}

/** More lines cannot be distinguished. */
const MAX_SERIES = 16;

const CPU_USES = ["user", "nice", "system", "iowait", "irq", "softirq", "steal"];
const MEMORY: Readonly<Record<string, string>> = {
  MemTotal: "total",
  MemAvailable: "available",
  Cached: "cached",
  Buffers: "buffers",
  MemFree: "free",
};
const LOADS: Readonly<Record<string, string>> = {
  "01": "1 min",
  "05": "5 min",
  "15": "15 min",
  load: "1 min",
};
const RESOURCES = ["cpu", "memory", "io", "irq"];

const CHARTS: readonly Chart[] = [
  {
    ...{ id: "cpu", title: "CPU", unit: "percent", stacked: true },
    // Time for guests is in `user` and `nice` as well.
    tail: new RegExp(`cpu\\.total\\.(${CPU_USES.join("|")})`),
    read: ([use], path) => ({ path, label: use, rank: `${CPU_USES.indexOf(use)}` }),
  },
  {
    ...{ id: "load", title: "Load", unit: "", stacked: false },
    tail: /loadavg\.(01|05|15|load)/,
    read: ([minutes], path) => ({ path, label: LOADS[minutes], rank: minutes }),
  },
  {
    ...{ id: "memory", title: "Memory", stacked: false, unit: "byte" },
    tail: new RegExp(`memory\\.(${Object.keys(MEMORY).join("|")})`),
    read: ([field], path) => ({
      path,
      label: MEMORY[field],
      rank: `${Object.keys(MEMORY).indexOf(field)}`,
    }),
  },
  {
    ...{ id: "space", title: "Free disk space", unit: "percent", stacked: false },
    tail: /diskspace\.([^.]+)\.[a-z]+_percentfree/,
    read: ([mount], path) => inodes(path) ? undefined : { path, label: mount, rank: mount },
  },
  {
    ...{ id: "io", title: "Disk I/O", stacked: false },
    tail: /iostat\.([^.]+)\.(read|write)_([a-z]+)_per_second/,
    read: ([disk, way, unit], path) =>
      unit === "requests_merged"
        ? undefined
        : { path, label: `${disk} ${way}`, rank: `${disk} ${way}`, unit: `${unit}/s` },
  },
  {
    ...{ id: "network", title: "Network", stacked: false },
    tail: /network\.([^.]+)\.(rx|tx)_([a-z]*(?:bit|byte))/,
    read: ([device, way, unit], path) => ({
      ...{ path, rank: `${device} ${way}`, unit: `${unit}/s` },
      label: `${device} ${way === "rx" ? "in" : "out"}`,
    }),
  },
  {
    ...{ id: "pressure", title: "Pressure", unit: "percent", stacked: false },
    tail: new RegExp(`(?:pressure|psi)\\.(${RESOURCES.join("|")})\\.(some|full)[._]avg10`),
    read: ([resource, share], path) => ({
      ...{ path, label: `${resource} ${share}` },
      rank: `${RESOURCES.indexOf(resource)} ${share === "some" ? 0 : 1}`,
    }),
  },
  {
    ...{ id: "backlog", title: "Backlog", unit: "", stacked: false },
    // `queued` has the points of its own interval, also where nothing is behind.
    tail: /diamond\.(spooled)/,
    read: (_, path) => ({ path, label: "points on disk", rank: "" }),
  },
];

/** Without the charts that have no series. */
export function overview(paths: readonly string[]): Panel[] {
  return CHARTS.map((chart) => panelOf(chart, paths)).filter(({ series }) => series.length > 0);
}

function panelOf({ id, title, unit, stacked, tail, read }: Chart, paths: readonly string[]): Panel {
  const whole = new RegExp(`(?:^|\\.)${tail.source}$`);
  const found = paths.flatMap((path) => {
    const [, ...parts] = whole.exec(path) ?? [];
    return parts.length > 0 ? read(parts, path) ?? [] : [];
  });
  const units = new Set(found.map((one) => one.unit ?? ""));
  const chosen = unit ?? ["byte/s", ...units].find((one) => units.has(one)) ?? "";
  const inUnit = found.filter((one) => one.unit === undefined || one.unit === chosen);
  const series = withoutPartitions(distinct(inUnit)).sort(byRank).slice(0, MAX_SERIES);
  const plain = series.map(({ path, label }) => ({ path, label }));
  return { id, title, unit: chosen, stacked, series: plain };
}

function inodes(path: string): boolean {
  return path.endsWith(".inodes_percentfree");
}

/** The first of those that say the same: in many units, under many names of the host. */
function distinct(found: readonly Found[]): Found[] {
  const byLabel = new Map<string, Found>();
  for (const one of found) if (!byLabel.has(one.label)) byLabel.set(one.label, one);
  return [...byLabel.values()];
}

/** What `sda1` and `nvme0n1p2` do, `sda` and `nvme0n1` do as well. */
function withoutPartitions(found: readonly Found[]): Found[] {
  const ranks = new Set(found.map(({ rank }) => rank));
  return found.filter(({ rank }) => {
    const [, disk, way] = /^(.*\d(?=p\d)|.*[a-z])p?\d+( read| write)$/.exec(rank) ?? [];
    return disk === undefined || !ranks.has(disk + way);
  });
}

const NATURAL = new Intl.Collator("en", { numeric: true });

function byRank(a: Found, b: Found): number {
  return NATURAL.compare(a.rank, b.rank);
}
