/** Source: ntpdate(8), of the NTP reference and of ntpsec, whose ntpdate is ntpdig(1) */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, text } from "../../core/option.ts";
import { convertTime } from "../../core/units.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, rowsOf, run } from "../../protocols/command.ts";

export default defineCollector({
  name: "NtpCollector",
  doc: "Offset of this host's clock from servers of NTP, as ntpdate finds it",
  path: "ntp",
  sources: ["ntpdate -q POOL"],
  systems: everySystem,
  options: {
    ...commandOptions("/usr/sbin/ntpdate"),
    ntp_pool: text("pool.ntp.org", "The server, or the pool"),
    precision: integer(0, "Decimals of the offset", { min: 0, max: 20 }),
    time_scale: text("milliseconds", "Unit of the offset: seconds, milliseconds, microseconds …"),
  },
  metrics: {
    "server.count": gauge("Servers that were asked; with ntpsec: that it tells of"),
    "offset.{unit}": gauge("What to add to this host's clock", 0, "{unit}"),
  },

  async collect({ host, options, emit, signal, skipLine }) {
    const { ntp_pool, precision, time_scale } = options;
    // It ends with 1 where no server is good enough, and names them all the same.
    const isGood = (status: number, output: string) => status === 0 || output.includes("server ");
    const output = await run(host, options, ["-q", ntp_pool], signal, { isGood });
    let servers = 0;
    let offset: number | undefined;
    for (const words of rowsOf(output)) {
      const found = numberIn(offsetIn(words));
      if (words[0] === "server" || words[4] === "+/-") servers++;
      if (found !== undefined) offset = found;
      else if (words[0] !== "server") skipLine({ source: "ntpdate", line: () => words.join(" ") });
    }
    emit("server.count", servers);
    if (offset === undefined) return;
    const scaled = convertTime(offset, "seconds", time_scale);
    emit("offset.{unit}", scaled, time_scale, { precision });
  },
});

/**
 * `31 Apr 12:00:00 ntpdate[12]: adjust time server 192.0.2.1 offset -0.000128 sec`, or ntpsec's
 * `2026-11-28 12:00:00.5 (+0000) -0.000128 +/- 0.02 pool.ntp.org 192.0.2.1 s2 no-leap`
 */
function offsetIn(words: readonly string[]): string | undefined {
  if (words[8] === "offset" && words[10] === "sec") return words[9];
  return words[4] === "+/-" ? words[3] : undefined;
}
