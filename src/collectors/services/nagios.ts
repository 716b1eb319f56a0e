/** Source: https://assets.nagios.com/downloads/nagioscore/docs/nagioscore/4/en/nagiostats.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { bool, words } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { wordsOf } from "../../core/words.ts";
import type { Host } from "../../ports/host.ts";
import { commandOptions, run } from "../../protocols/command.ts";

const VARS = wordsOf(`
  AVGACTHSTLAT AVGACTSVCLAT AVGACTHSTEXT AVGACTSVCEXT NUMHSTUP NUMHSTDOWN NUMHSTUNR NUMSVCOK
  NUMSVCWARN NUMSVCUNKN NUMSVCCRIT NUMHSTACTCHK5M NUMHSTPSVCHK5M NUMSVCACTCHK5M NUMSVCPSVCHK5M
  NUMACTHSTCHECKS5M NUMOACTHSTCHECKS5M NUMCACHEDHSTCHECKS5M NUMSACTHSTCHECKS5M NUMPARHSTCHECKS5M
  NUMSERHSTCHECKS5M NUMPSVHSTCHECKS5M NUMACTSVCCHECKS5M NUMOACTSVCCHECKS5M NUMCACHEDSVCCHECKS5M
  NUMSACTSVCCHECKS5M NUMPSVSVCCHECKS5M
`);

export default defineCollector({
  name: "NagiosStatsCollector",
  doc: "Hosts, services, checks and latencies of Nagios",
  path: "nagiosstats",
  sources: ["nagios4stats --data … --mrtg"],
  systems: everySystem,
  options: {
    ...commandOptions("/usr/sbin/nagios3stats"),
    use_sudo: bool(true, "Run it with sudo"),
    vars: words(VARS, "Variables to publish, as nagiostats knows them"),
  },
  metrics: {
    "{variable}": gauge("A variable of nagiostats; times in milliseconds", 0, { ms: "*LAT *EXT" }),
  },

  /** A line for each variable, in their order. */
  async collect({ host, options, emit, signal, skipLine }) {
    const bin = programOf(host, options.bin);
    const args = ["--data", options.vars.join(","), "--mrtg"];
    const lines = (await run(host, { ...options, bin }, args, signal)).split("\n");
    const isNumber = (line = "") => /^\s*-?\d{1,15}\s*$/.test(line);
    if (!lines.some(isNumber)) throw badData(`${bin} prints no numbers`);
    for (const [at, variable] of options.vars.entries()) {
      const line = lines[at] ?? "";
      if (isNumber(line)) emit("{variable}", Number(line), variable);
      else skipLine(unreadPart(bin, `${variable}: ${line}`));
    }
  },
});

/** Each version of Nagios has named it otherwise. */
function programOf({ exec }: Host, bin: string): string {
  const names = [bin, "nagios4stats", "nagiostats"];
  return names.map((name) => exec.find(name)).find((path) => path !== undefined) ?? bin;
}
