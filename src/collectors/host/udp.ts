/** Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html */

import { defineCollector, rate } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { words } from "../../core/option.ts";
import { isAllowed, pairReader } from "../../formats/proc_snmp.ts";

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
  metrics: { "{counter}": rate("Datagrams of a counter", 0, { rare: true }) },

  prepare: ({ allowed_names }) => ({ read: pairReader("Udp", isAllowed(allowed_names)) }),

  collect({ host, state, emit, skipLine }) {
    const pairs = state.read(host.fs.read("/proc/net/snmp"), skipLine);
    if (pairs === undefined) throw noData("there is no Udp in /proc/net/snmp");
    for (const { name, value } of pairs) emit("{counter}", value, name);
  },
});
