/** Source: https://man7.org/linux/man-pages/man5/proc_vmstat.5.html */

import { defineCollector, MAX_COUNTER, rate } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { fieldReader } from "../../formats/proc_fields.ts";

const traits = { max: MAX_COUNTER, rare: true };
const metrics = {
  pgfault: rate("Page faults", 2, traits),
  pgmajfault: rate("Page faults that had to wait for the disk", 2, traits),
  pgpgin: rate("Kibibytes read from disk", 2, { ...traits, unit: "KiB/s" }),
  pgpgout: rate("Kibibytes written to disk", 2, { ...traits, unit: "KiB/s" }),
  pswpin: rate("Pages read from swap space", 2, traits),
  pswpout: rate("Pages written to swap space", 2, traits),
};

export default defineCollector({
  name: "VMStatCollector",
  doc: "Paging and swapping",
  path: "vmstat",
  sources: ["/proc/vmstat"],
  options: {},
  metrics,

  prepare: () => ({ read: fieldReader((name) => Object.hasOwn(metrics, name)) }),

  collect({ host, state, emit, skipLine }) {
    const fields = state.read(host.fs.read("/proc/vmstat"), skipLine);
    if (fields.length === 0) throw noData("there is nothing of paging in /proc/vmstat");
    for (const { name, value } of fields) emit(name as keyof typeof metrics, value);
  },
});
