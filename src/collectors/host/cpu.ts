/** Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html */

import {
  defineCollector,
  everySystem,
  gauge,
  MAX_COUNTER,
  rate,
  type SkipLine,
} from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { badData, noData } from "../../core/errors.ts";
import type { CpuTimes, Host } from "../../ports/host.ts";
import { bool } from "../../core/option.ts";
import { readNumbers } from "../../formats/proc_fields.ts";

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
const PROCESSOR = /^cpu\d+$/;
const PERCENT_AFTER_MS = 1000;
/** A processor cannot be busier than this; beyond it, an old Xen kernel counts idle time twice. */
const XEN_LIMIT = 110;

const AS_IT_IS = { scale: 1 };
const AS_GAUGE = { form: "gauge" } as const;

interface State {
  readonly read: ReturnType<typeof statReader>;
  /** Undefined: not known yet. */
  halvesIdle: boolean | undefined;
}

export default defineCollector({
  name: "CPUCollector",
  doc: "CPU usage by mode (user, system, idle, iowait, steal …), in percent of one CPU",
  path: "cpu",
  sources: ["/proc/stat", "/proc/xen"],
  systems: everySystem,
  options: {
    percore: bool(true, "Publish each CPU too"),
    simple: bool(false, "Only publish percent, measured over one second"),
    normalize: bool(false, "Divide the total by the number of CPUs"),
    derivative: bool(true, "Publish rates; False: the counters as they are"),
    xenfix: bool(true, "Halve idle time where an old Xen kernel counts it twice"),
  },
  metrics: {
    "{cpu}.{field}": rate("Time spent, by CPU (cpu0 …, total) and mode", 2, {
      max: MAX_COUNTER,
      unit: "percent",
    }),
    cpu_count: gauge("Processors", 2),
    percent: gauge("Time not idle, with simple", 0, "percent"),
  },
  prepare: (): State => ({ read: statReader(), halvesIdle: undefined }),

  collect(context) {
    const { host, options, state, emit, delta, elapsed, skipLine } = context;
    if (options.simple && host.system === "linux") {
      return measurePercent(host, context.signal, (percent) => emit("percent", percent));
    }
    const { rows, count, fields } = host.system === "linux"
      ? state.read(host.fs.read("/proc/stat"), options.percore, skipLine)
      : systemTimes(host.figures.cpuTimes(), options.percore, host.system !== "windows");
    if (rows.length === 0) throw noData("there are no CPUs in /proc/stat");
    if (!options.xenfix || (state.halvesIdle === undefined && !host.fs.exists("/proc/xen"))) {
      state.halvesIdle = false;
    }
    if (state.halvesIdle === undefined) {
      const first = rows.find(({ cpu }) => cpu === "cpu0")?.values ?? [];
      const seconds = options.rates === "diamond" ? options.interval : elapsed;
      const busy = first.reduce<number>(
        (sum, value, column) =>
          value === undefined
            ? sum
            : sum + Math.trunc((delta(fields[column], value) ?? 0) / seconds),
        0,
      );
      if (busy > 0) state.halvesIdle = busy > XEN_LIMIT;
    }
    for (const { cpu, values } of rows) {
      const divisor = cpu === "total" && options.normalize ? Math.max(count, 1) : 1;
      const whole = divisor === 1 ? AS_IT_IS : { scale: 1 / divisor };
      for (let column = 0; column < values.length; column++) {
        const value = values[column];
        if (value === undefined) continue;
        const field = fields[column];
        const isHalf = state.halvesIdle && field === "idle";
        if (options.derivative) {
          const extras = isHalf ? { scale: 0.5 / divisor } : whole;
          emit("{cpu}.{field}", value, cpu, field, extras);
        } else {
          const share = Math.floor(Number(value) / divisor);
          emit("{cpu}.{field}", isHalf ? share / 2 : share, cpu, field, AS_GAUGE);
        }
      }
    }
    emit("cpu_count", count);
  },
});

interface Row {
  cpu: string;
  /** Undefined for what is not a number. */
  readonly values: (number | bigint | undefined)[];
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

/**
 * Reads the rows `cpu` (as `total`) and `cpu0` …, in hundredths of a second since boot. They are good until
 * the next call.
 */
function statReader(): (lines: Cursor, percore: boolean, skipLine: SkipLine) => Rows {
  const rows: Row[] = [];
  return (lines, percore, skipLine) => {
    let [count, used, columns] = [0, 0, 0];
    let total: Row | undefined;
    let last = "";
    while (lines.nextLine()) {
      if (!lines.starts("cpu")) {
        // They stand together, and the longest line of the file comes right behind.
        if (lines.starts("intr") || lines.starts("ctxt")) break;
        continue;
      }
      const name = lines.word();
      if (name !== "cpu" && (name === last || !PROCESSOR.test(name))) {
        skipLine(lines);
        continue;
      }
      if (name !== "cpu") {
        last = name;
        count++;
        if (!percore) continue;
      }
      // One version of lxcfs has two lines `cpu`, the first one of zeros.
      const isAgain = name === "cpu" && total !== undefined;
      const row: Row = isAgain ? total! : rows[used] ??= { cpu: "", values: [] };
      const areAll = readNumbers(lines, FIELDS.length, row.values);
      // A row that is shorter than those before it is torn at an unknown place.
      const isTorn = row.values.length < columns || row.values.length === 0;
      if (!areAll || isTorn) skipLine(lines);
      if (isTorn) row.values.length = 0;
      columns = Math.max(columns, row.values.length);
      row.cpu = name === "cpu" ? "total" : name;
      if (!isAgain) used++;
      if (name === "cpu") total = row;
    }
    rows.length = used;
    return { rows, count, fields: FIELDS };
  };
}

async function measurePercent(
  { fs, clock }: Host,
  signal: AbortSignal,
  use: (percent: number) => void,
): Promise<void> {
  const read = statReader();
  const times = () => {
    let skipped = "";
    const { rows } = read(fs.read("/proc/stat"), false, (line) => skipped = line.line() ?? "");
    const values = rows[0]?.values.slice(0, 4);
    if (values?.length === 4 && !values.includes(undefined)) return values.map(Number);
    throw badData(`cannot read CPU times in /proc/stat, line "${skipped}"`);
  };
  const before = times();
  await clock.sleep(PERCENT_AFTER_MS, signal);
  const percent = busyPercent(before, times());
  // Diamond makes a text of four digits of it, and rounds that half up.
  if (percent !== undefined) use(Math.round(Number(percent.toFixed(4))));
}

/** Of user, nice, system and idle alone, as Diamond has it; undefined where no time has passed, or it ran backwards. */
function busyPercent(before: readonly number[], after: readonly number[]): number | undefined {
  const deltas = before.map((value, column) => after[column] - value);
  const total = deltas.reduce((sum, delta) => sum + delta, 0);
  if (total <= 0 || deltas.some((delta) => delta < 0)) return undefined;
  return 100 - (deltas[3] * 100) / total;
}
