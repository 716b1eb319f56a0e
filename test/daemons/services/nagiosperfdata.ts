/** The performance data that Nagios writes, moved to the folder as its processing command does. */

import { cpSync, mkdirSync } from "node:fs";
import type { Daemon } from "../daemon.ts";
import { nagios, nagiosPackages } from "../nagios.ts";

export default {
  collector: "NagiosPerfdataCollector",
  packages: nagiosPackages,
  survives: "an empty folder means that no check has run",

  async start(place) {
    const { version, perfdata, stop } = await nagios(place);
    const spool = `${place.folder}/spool`;
    mkdirSync(spool);
    return {
      version,
      options: `perfdata_dir = ${spool}\n`,
      client() {
        cpSync(perfdata, `${spool}/perfdata.0`);
        return new Map([["vm.a_check.time", 0.5], ["vm.a_check._disk_use_", 7 * 1024]]);
      },
      stop,
    };
  },
} satisfies Daemon;
