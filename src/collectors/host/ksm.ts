/** Source: https://docs.kernel.org/admin-guide/mm/ksm.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { text } from "../../core/option.ts";
import { numberOf } from "../../formats/number_file.ts";

/** Files that hold words. */
const TEXTS = ["advisor_mode"];

export default defineCollector({
  name: "KSMCollector",
  doc: "Kernel Same-page Merging: pages that are shared, and how they are looked for",
  path: "ksm",
  sources: ["/sys/kernel/mm/ksm/*"],
  options: { ksm_path: text("/sys/kernel/mm/ksm", "The folder of KSM's files") },
  metrics: {
    "{file}": gauge("The number in a file; pages_*: pages", 0, {
      byte: "general_profit",
      ms: "*_millisecs",
      s: "*_scan_time",
      percent: "*_cpu",
    }),
  },

  collect({ host: { fs }, options: { ksm_path }, emit, skipLine }) {
    for (const name of fs.list(ksm_path).sort()) {
      if (name.startsWith(".") || TEXTS.includes(name)) continue;
      const value = numberOf(fs, `${ksm_path}/${name}`, skipLine);
      if (value !== undefined) emit("{file}", value, name);
    }
  },
});
