/** Source: nfacct(8) */

import { defineCollector, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { bool, text } from "../../core/option.ts";
import { commandOptions, run } from "../../protocols/command.ts";

export default defineCollector({
  name: "NetfilterAccountingCollector",
  doc: "Packets and bytes that the firewall's accounting objects have counted",
  path: "nfacct",
  sources: ["nfacct list reset"],
  options: {
    ...commandOptions("nfacct"),
    reset: bool(true, "Set the counters to 0, so that values are those since the last run"),
    method: text("Threaded", "Not used; Diamond's name for how it ran"),
  },
  metrics: {
    "{object}.pkts": gauge("Packets since the last run; without reset, since the start"),
    "{object}.bytes": gauge("Bytes since the last run; without reset, since the start", 0, "byte"),
  },

  async collect({ host, options, emit, signal, skipLine }) {
    const args = options.reset ? ["list", "reset"] : ["list"];
    const output = await run(host, options, args, signal);
    if (output.trim() === "") throw noData("nfacct has no objects: nfacct add NAME makes one");
    for (const line of output.trim().split("\n")) {
      const [, packets, bytes, object] =
        /^\{ pkts = (\d{1,20}), bytes = (\d{1,20})(?:, .*)? \} = (\S.*);$/.exec(line) ?? [];
      if (object === undefined) {
        skipLine({ source: "nfacct list", line: () => line });
        continue;
      }
      emit("{object}.pkts", BigInt(packets), object);
      emit("{object}.bytes", BigInt(bytes), object);
    }
  },
});
