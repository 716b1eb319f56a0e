/** Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html */

import { defineCollector, gauge, MAX_COUNTER, rate } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";

const traits = { max: MAX_COUNTER, whole: true };
const metrics = {
  ctxt: rate("Context switches", 0, traits),
  processes: rate("Processes and threads created", 0, traits),
  procs_running: gauge("Processes and threads that are ready to run"),
  procs_blocked: gauge("Processes that wait for a disk"),
  btime: gauge("When the host was started", 0, "s"),
};

export default defineCollector({
  name: "ProcessStatCollector",
  doc: "Context switches, forks, and processes that run or wait",
  path: "proc",
  sources: ["/proc/stat"],
  options: {},
  metrics,

  collect({ host, emit, skipLine }) {
    const lines = host.fs.read("/proc/stat");
    let found = false;
    while (lines.nextLine()) {
      if (lines.starts("cpu") || lines.starts("intr") || lines.starts("softirq")) continue;
      const name = lines.word();
      if (!Object.hasOwn(metrics, name)) continue;
      // The counters are signed in old kernels, and have overflowed there.
      const value = lines.trySigned();
      if (value === undefined || lines.more) skipLine(lines);
      else {
        found = true;
        emit(name as keyof typeof metrics, value);
      }
    }
    if (!found) throw noData("there is nothing of processes in /proc/stat");
  },
});
