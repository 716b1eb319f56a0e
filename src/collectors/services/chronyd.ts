/** Source: chronyc(1), sourcestats */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { convertTime } from "../../core/units.ts";
import { commandOptions, run } from "../../protocols/command.ts";

export default defineCollector({
  name: "ChronydCollector",
  doc: "Offsets of chrony's time sources",
  path: "chrony",
  sources: ["chronyc sourcestats"],
  systems: everySystem,
  options: commandOptions("/usr/bin/chronyc"),
  metrics: { "{source}.offset_ms": gauge("Estimated offset of the source", 0, "ms") },

  async collect({ host, options, emit, signal, log }) {
    const output = await run(host, options, ["sourcestats"], signal);
    for (const [, source, offset, unit] of output.matchAll(/^(\S+).*\s([+-]\d+)(\w+)\s+/gm)) {
      try {
        emit("{source}.offset_ms", convertTime(Number(offset), unit, "ms"), nameOf(source));
      } catch {
        log.warn(`chronyc gives the offset of ${source} in "${unit}", which is not a unit of time`);
      }
    }
  },
});

/** Addresses keep their numbers; of a name its first part. */
function nameOf(source: string): string {
  return /^\d+(\.\d+){3}$/.test(source) ? source.replaceAll(".", "_") : source.split(".")[0];
}
