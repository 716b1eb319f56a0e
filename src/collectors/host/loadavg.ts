/** Source: https://man7.org/linux/man-pages/man5/proc_loadavg.5.html; elsewhere getloadavg(3). */

import { defineCollector, gauge } from "../../core/collector.ts";
import type { Cursor } from "../../core/cursor.ts";
import { badData } from "../../core/errors.ts";
import { bool } from "../../core/option.ts";

export default defineCollector({
  name: "LoadAverageCollector",
  doc: "Load averages, plain and per processor, and how many processes there are",
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
    "01_normalized": gauge("Load average over 1 minute per processor", 2),
    "05_normalized": gauge("Load average over 5 minutes per processor", 2),
    "15_normalized": gauge("Load average over 15 minutes per processor", 2),
    load: gauge("Load average over 1 minute, with simple", 2),
    load_normalized: gauge("Load average over 1 minute per processor, with simple", 2),
    processes_running: gauge("Processes and threads that are ready to run"),
    processes_total: gauge("Processes and threads that exist"),
  },

  collect({ host, options, emit }) {
    const linux = host.system === "linux" ? parseLoadavg(host.fs.read("/proc/loadavg")) : undefined;
    const [one, five, fifteen] = linux?.averages ?? host.figures.loadAverages();
    const { cpus } = host;
    if (options.simple) {
      emit("load", one);
      emit("load_normalized", one / cpus);
    } else {
      emit("01", one);
      emit("05", five);
      emit("15", fifteen);
      emit("01_normalized", one / cpus);
      emit("05_normalized", five / cpus);
      emit("15_normalized", fifteen / cpus);
    }
    if (linux !== undefined) {
      emit("processes_running", linux.running);
      emit("processes_total", linux.total);
    }
  },
});

/** Reads a line such as `0.12 0.23 0.34 1/235 4711`. */
export function parseLoadavg(line: Cursor) {
  const averages = [line.float(), line.float(), line.float()] as const;
  const running = line.uint();
  if (!line.take("/")) {
    throw badData(`There is no running/total in ${line.source}, line "${line.line()}"`);
  }
  return { averages, running, total: line.uint() };
}
