/** Source: https://man7.org/linux/man-pages/man5/proc_loadavg.5.html; elsewhere getloadavg(3). */

import { defineCollector, gauge } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { badData } from "../../core/errors.ts";
import { bool } from "../../core/option.ts";

export default defineCollector({
  name: "LoadAverageCollector",
  doc: "Load averages, plain and per CPU, and how many processes there are",
  path: "loadavg",
  sources: ["/proc/loadavg", "/sys/devices/system/cpu/online"],
  systems: ["linux", "darwin", "freebsd"],
  options: {
    simple: bool(false, "Only publish the average over 1 minute, as load and load_normalized"),
  },
  metrics: {
    "01": gauge("Load average over 1 minute", 2),
    "05": gauge("Load average over 5 minutes", 2),
    "15": gauge("Load average over 15 minutes", 2),
    "01_normalized": gauge("Load average over 1 minute per CPU", 2),
    "05_normalized": gauge("Load average over 5 minutes per CPU", 2),
    "15_normalized": gauge("Load average over 15 minutes per CPU", 2),
    load: gauge("Load average over 1 minute, with simple", 2),
    load_normalized: gauge("Load average over 1 minute per CPU, with simple", 2),
    processes_running: gauge("Processes and threads that are ready to run"),
    processes_total: gauge("Processes and threads that exist"),
  },

  collect({ host, options, emit, skipLine }) {
    const line = host.system === "linux" ? host.fs.read("/proc/loadavg") : undefined;
    const [one, five, fifteen] = line === undefined
      ? host.figures.loadAverages()
      : [average(line), average(line), average(line)];
    const { cpus } = host;
    if (options.simple) {
      if (one !== undefined) {
        emit("load", one);
        emit("load_normalized", one / cpus);
      }
    } else {
      if (one !== undefined) emit("01", one);
      if (five !== undefined) emit("05", five);
      if (fifteen !== undefined) emit("15", fifteen);
      if (one !== undefined) emit("01_normalized", one / cpus);
      if (five !== undefined) emit("05_normalized", five / cpus);
      if (fifteen !== undefined) emit("15_normalized", fifteen / cpus);
    }
    if (line === undefined) return;
    const running = line.until("/")?.trim() ?? "";
    const total = line.tryCounter();
    const hasCounts = /^\d{1,15}$/.test(running) && total !== undefined;
    if (hasCounts) {
      emit("processes_running", Number(running));
      emit("processes_total", total);
    }
    if (hasCounts && one !== undefined && five !== undefined && fifteen !== undefined) return;
    if (one === undefined && five === undefined && fifteen === undefined && !hasCounts) {
      throw badData(`cannot read "${line.line()}" in ${line.source} as load averages`);
    }
    skipLine(line);
  },
});

/** Of a line such as `0.12 0.23 0.34 1/235 4711`. */
function average(line: Cursor): number | undefined {
  const value = line.tryFloat();
  return value !== undefined && value >= 0 ? value : undefined;
}
