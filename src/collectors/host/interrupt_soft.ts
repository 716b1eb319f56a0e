/** Source: https://man7.org/linux/man-pages/man5/proc_stat.5.html, the line `softirq`. */

import { defineCollector, MAX_COUNTER, rate } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { internedNumber } from "../../core/interned.ts";

const traits = { max: MAX_COUNTER, whole: true };

export default defineCollector({
  name: "SoftInterruptCollector",
  doc:
    "Soft interrupts by the kernel's number: HI, TIMER, NET_TX, NET_RX, BLOCK, IRQ_POLL, TASKLET, SCHED, HRTIMER, RCU",
  path: "softirq",
  sources: ["/proc/stat"],
  options: {},
  metrics: {
    total: rate("Soft interrupts of all kinds", 0, traits),
    "{vector}": rate("Soft interrupts of one kind", 0, traits),
  },

  collect({ host, emit, skipLine }) {
    const lines = host.fs.read("/proc/stat");
    while (lines.nextLine()) {
      if (!lines.starts("softirq ")) continue;
      const total = lines.skip().trySigned();
      let areAll = total !== undefined;
      if (total !== undefined) emit("total", total);
      for (let vector = 0; lines.more; vector++) {
        const value = lines.trySigned();
        if (value !== undefined) emit("{vector}", value, internedNumber(vector));
        else areAll = false;
      }
      if (!areAll) skipLine(lines);
      return;
    }
    throw noData("there is no line softirq in /proc/stat");
  },
});
