/** Source: https://man7.org/linux/man-pages/man4/random.4.html */

import { defineCollector, gauge } from "../../core/collector.ts";

export default defineCollector({
  name: "EntropyStatCollector",
  doc: "Random bits that the kernel has ready: always 256 from Linux 5.18 on",
  path: "entropy",
  sources: ["/proc/sys/kernel/random/entropy_avail"],
  options: {},
  metrics: { available: gauge("Bits", 0, "bit") },

  collect({ host, emit }) {
    emit("available", host.fs.read("/proc/sys/kernel/random/entropy_avail").uint());
  },
});
