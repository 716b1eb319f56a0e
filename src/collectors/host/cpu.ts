/** Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html */

import { defineCollector, everySystem, gauge, MAX_COUNTER, rate } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { noData } from "../../core/errors.ts";
import type { CpuTimes, Host } from "../../ports/host.ts";
import { bool } from "../../core/option.ts";
import { readCounters } from "../../formats/proc_fields.ts";

/** The columns of a cpu line, in their order; old kernels have fewer. */
const FIELDS = [
  "user",
  "nice",
  "system",
  "idle",
  "iowait",
  "irq",
  "softirq",
  "steal",
  "guest",
  "guest_nice",
];
const PERCENT_AFTER_MS = 1000;
/** A processor cannot be busier than this; beyond it, an old Xen kernel counts idle time twice. */
const XEN_LIMIT = 110;

const AS_IT_IS = { scale: 1 };

interface State {
  readonly read: ReturnType<typeof statReader>;
  /** Undefined: not known yet. */
  halvesIdle: boolean | undefined;
}

export default defineCollector({
  name: "CPUCollector",
  doc: "Processor time by use, in hundredths of a second per second: percent of one processor",
  path: "cpu",
  sources: ["/proc/stat", "/proc/xen"],
  systems: everySystem,
  options: {
    percore: bool(true, "Publish each processor too"),
    simple: bool(false, "Only publish percent, measured over one second"),
    normalize: bool(false, "Divide the total by the number of processors"),
    derivative: bool(true, "Publish rates; False: the counters as they are"),
    xenfix: bool(true, "Halve idle time where an old Xen kernel counts it twice"),
  },
  metrics: {
    "{cpu}.{field}": rate("Time spent, by processor (cpu0 …, total) and use", 2, {
      max: MAX_COUNTER,
      unit: "percent",
    }),
    cpu_count: gauge("Processors", 2),
    percent: gauge("Time not idle, with simple", 0, "percent"),
  },
  prepare: (): State => ({ read: statReader(), halvesIdle: undefined }),

  collect(context) {
    const { host, options, state, emit, delta, elapsed } = context;
    if (options.simple && host.system === "linux") {
      return measurePercent(host, context.signal, (percent) => emit("percent", percent));
    }
    const { rows, count, fields } = host.system === "linux"
      ? state.read(host.fs.read("/proc/stat"), options.percore)
      : systemTimes(host.figures.cpuTimes(), options.percore, host.system !== "windows");
    if (count === 0) throw noData("There are no processors in /proc/stat");
    if (!options.xenfix || (state.halvesIdle === undefined && !host.fs.exists("/proc/xen"))) {
      state.halvesIdle = false;
    }
    if (state.halvesIdle === undefined) {
      const first = rows.find(({ cpu }) => cpu === "cpu0")?.values ?? [];
      const seconds = options.rates === "diamond" ? options.interval : elapsed;
      const busy = first.reduce<number>(
        (sum, value, column) => sum + Math.trunc((delta(fields[column], value) ?? 0) / seconds),
        0,
      );
      if (busy > 0) state.halvesIdle = busy > XEN_LIMIT;
    }
    for (const { cpu, values } of rows) {
      const divisor = cpu === "total" && options.normalize ? count : 1;
      const whole = divisor === 1 ? AS_IT_IS : { scale: 1 / divisor };
      for (let column = 0; column < values.length; column++) {
        const field = fields[column];
        const extras = state.halvesIdle && field === "idle" ? { scale: 0.5 / divisor } : whole;
        const { scale } = extras;
        if (options.derivative) {
          emit("{cpu}.{field}", values[column], cpu, field, extras);
        } else {
          emit("{cpu}.{field}", Math.floor(Number(values[column]) * scale), cpu, field, {
            form: "gauge",
          });
        }
      }
    }
    emit("cpu_count", count);
  },
});

interface Row {
  cpu: string;
  readonly values: (number | bigint)[];
}

interface Rows {
  readonly rows: readonly Row[];
  readonly count: number;
  readonly fields: readonly string[];
}

/** Whole seconds, as Diamond had them from psutil outside of Linux. */
function systemTimes(all: readonly CpuTimes[], percore: boolean, hasNice: boolean): Rows {
  const fields = ["user", "system", "idle", ...(hasNice ? ["nice"] : [])] as (keyof CpuTimes)[];
  const row = (cpu: string, times: readonly CpuTimes[]) => ({
    cpu,
    values: fields.map((field) =>
      Math.floor(times.reduce((sum, time) => sum + time[field], 0) / 1000)
    ),
  });
  const each = percore ? all.map((times, index) => row(`cpu${index}`, [times])) : [];
  return { rows: [row("total", all), ...each], count: all.length, fields };
}

async function measurePercent(
  host: Host,
  signal: AbortSignal,
  use: (percent: number) => void,
): Promise<void> {
  const before = parseCpuLine(host.fs.read("/proc/stat"));
  await host.clock.sleep(PERCENT_AFTER_MS, signal);
  const percent = busyPercent(before, parseCpuLine(host.fs.read("/proc/stat")));
  if (percent !== undefined) use(percent);
}

/**
 * Reads the rows `cpu` (as `total`) and `cpu0` …, in hundredths of a second since boot. They are good until
 * the next call.
 */
function statReader(): (lines: Cursor, percore: boolean) => Rows {
  const rows: Row[] = [];
  return (lines, percore) => {
    let [count, used] = [0, 0];
    while (lines.nextLine()) {
      if (!lines.starts("cpu")) {
        // They stand together, and the longest line of the file comes right behind.
        if (count > 0) break;
        continue;
      }
      const name = lines.word();
      if (name !== "cpu") count++;
      if (name !== "cpu" && !percore) continue;
      const row = rows[used++] ??= { cpu: "", values: [] };
      row.cpu = name === "cpu" ? "total" : name;
      readCounters(lines, FIELDS.length, row.values);
    }
    rows.length = used;
    return { rows, count, fields: FIELDS };
  };
}

function parseCpuLine(lines: Cursor): number[] {
  lines.nextLine();
  if (!lines.starts("cpu ")) throw noData(`${lines.source} does not begin with "cpu"`);
  return readCounters(lines.skip(), FIELDS.length, []).map(Number);
}

/** Of user, nice, system and idle alone, as Diamond has it; undefined where no time has passed. */
function busyPercent(before: readonly number[], after: readonly number[]): number | undefined {
  const deltas = [0, 1, 2, 3].map((column) => (after[column] ?? 0) - (before[column] ?? 0));
  const total = deltas.reduce((sum, delta) => sum + delta, 0);
  return total > 0 ? 100 - (deltas[3] * 100) / total : undefined;
}
