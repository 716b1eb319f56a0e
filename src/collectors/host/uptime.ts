/** Source: https://man7.org/linux/man-pages/man5/proc_uptime.5.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData, configError } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import type { Option } from "../../core/option.ts";
import { text } from "../../core/option.ts";
import { convertTime } from "../../core/units.ts";

export default defineCollector({
  name: "UptimeCollector",
  doc: "Time since the host was started",
  path: "uptime",
  sources: ["/proc/uptime"],
  systems: everySystem,
  options: { metric_name: timeUnit("minutes", "The unit of time, and the metric's name") },
  metrics: { "{unit}": gauge("Time since the start, in the unit that is its name", 0, "{unit}") },

  collect({ host, options, emit }) {
    const seconds = host.system === "linux" ? readUptime(host) : host.figures.uptime();
    emit("{unit}", convertTime(seconds, "s", options.metric_name), options.metric_name);
  },
});

function readUptime({ fs }: Host): number {
  const line = fs.read("/proc/uptime");
  const seconds = line.tryFloat();
  if (seconds !== undefined && seconds >= 0) return seconds;
  throw badData(`cannot read "${line.line()}" in ${line.source} as a time`);
}

function timeUnit(fallback: string, help: string): Option<string> {
  const plain = text(fallback, help);
  return {
    ...plain,
    allowed: "seconds, minutes, hours, days, years …",
    parse(raw) {
      const unit = plain.parse(raw);
      if (unit === "") throw configError("a unit of time is needed");
      convertTime(0, "s", unit);
      return unit;
    },
  };
}
