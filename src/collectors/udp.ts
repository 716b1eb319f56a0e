/** Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html */

import { defineCollector, rate } from "../core/collector.ts";
import { words } from "../core/option.ts";
import { readPairs } from "../formats/proc_snmp.ts";

export default defineCollector({
  name: "UDPCollector",
  doc: "Datagrams of UDP over IPv4",
  path: "udp",
  sources: ["/proc/net/snmp"],
  options: {
    allowed_names: words(
      ["InDatagrams", "NoPorts", "InErrors", "OutDatagrams", "RcvbufErrors", "SndbufErrors"],
      "Counters to publish, by the kernel's names; empty: all",
    ),
  },
  metrics: { "{counter}": rate("Datagrams of a counter") },

  collect({ host, options, emit }) {
    for (const [name, value] of readPairs(host.fs.read("/proc/net/snmp"), "Udp")) {
      if (options.allowed_names.length === 0 || options.allowed_names.includes(name)) {
        emit("{counter}", value, name);
      }
    }
  },
});
