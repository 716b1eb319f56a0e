/** Source: upsc(8) of NUT, https://networkupstools.org/docs/developer-guide.chunked/apas02.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { text } from "../../core/option.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";

const UNITS = {
  percent: "battery.charge.* ups.load.*",
  V: "*.voltage.*",
  A: "*.current.*",
  Hz: "*.frequency.*",
  s: "*.runtime.*",
  "°C": "*.temperature.*",
};

export default defineCollector({
  name: "UPSCollector",
  doc: "An uninterruptible power supply, as NUT tells of it",
  path: "ups",
  sources: ["upsc UPS"],
  systems: everySystem,
  options: {
    ...commandOptions("/bin/upsc"),
    ups_name: text("cyberpower", "The UPS: name, or name@host:port"),
  },
  metrics: {
    "{variable}": gauge(
      "A variable of NUT that is a number; of a name of two parts the last comes twice",
      0,
      UNITS,
    ),
  },

  async collect({ host, options, emit, signal }) {
    const output = await run(host, options, [options.ups_name], signal);
    for (const [, name, written] of output.matchAll(/^([\w.-]+): (.*)$/gm)) {
      const value = numberIn(written);
      if (value !== undefined) emit("{variable}", value, nameOf(name));
    }
  },
});

/** `battery.charge` is `battery.charge.charge`, beside `battery.charge.low`. */
function nameOf(variable: string): string {
  const [, last] = /^[^.]+\.([^.]+)$/.exec(variable) ?? [];
  return last === undefined ? variable : `${variable}.${last}`;
}
