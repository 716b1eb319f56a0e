/** Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html */

import { counter, defineCollector } from "../core/collector.ts";
import { noData } from "../core/errors.ts";
import { words } from "../core/option.ts";
import { readPairs } from "../formats/proc_snmp.ts";

export default defineCollector({
  name: "TCPCollector",
  doc: "Events of TCP: connections opened, lost, reset, segments sent again",
  path: "tcp",
  sources: ["/proc/net/netstat", "/proc/net/snmp"],
  options: {
    allowed_names: words([
      "ListenOverflows",
      "ListenDrops",
      "TCPLoss",
      "TCPTimeouts",
      "TCPFastRetrans",
      "TCPLostRetransmit",
      "TCPForwardRetrans",
      "TCPSlowStartRetrans",
      "CurrEstab",
      "TCPAbortOnMemory",
      "TCPBacklogDrop",
      "AttemptFails",
      "EstabResets",
      "InErrs",
      "ActiveOpens",
      "PassiveOpens",
    ], "Counters to publish, by the kernel's names; empty: all"),
    gauges: words(["CurrEstab", "MaxConn"], "Names whose values are published as they are"),
  },
  metrics: { "{counter}": counter("Events of a counter; the value itself for those in gauges") },

  collect({ host, options, emit }) {
    const values = new Map<string, number | bigint>();
    for (const path of ["/proc/net/netstat", "/proc/net/snmp"]) {
      const lines = host.fs.tryRead(path);
      for (const [name, value] of lines === undefined ? [] : readPairs(lines, "Tcp")) {
        values.set(name, value);
      }
    }
    if (values.size === 0) throw noData("There is no Tcp in /proc/net/netstat or /proc/net/snmp");
    for (const [name, value] of values) {
      if (options.allowed_names.length > 0 && !options.allowed_names.includes(name)) continue;
      if (options.gauges.includes(name)) emit("{counter}", value, name, { form: "gauge" });
      else emit("{counter}", value, name);
    }
  },
});
