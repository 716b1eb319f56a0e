/** Source: https://man7.org/linux/man-pages/man4/random.4.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";

export default defineCollector({
  name: "EntropyStatCollector",
  doc: "Random bits that the kernel has ready: always 256 from Linux 5.18 on",
  path: "entropy",
  sources: ["/proc/sys/kernel/random/entropy_avail"],
  options: {},
  metrics: { available: gauge("Bits", 0, "bit") },

  collect({ host, emit }) {
    const line = host.fs.read("/proc/sys/kernel/random/entropy_avail");
    const bits = line.tryCounter();
    if (bits === undefined || line.more) {
      throw badData(`cannot read "${line.line()}" in ${line.source} as a whole number`);
    }
    emit("available", bits);
  },
});
