/** Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html */

import { counter, defineCollector } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { words } from "../../core/option.ts";
import { isAllowed, pairReader } from "../../formats/proc_snmp.ts";

const AS_GAUGE = { form: "gauge" } as const;

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
  metrics: {
    "{counter}": counter("Events of a counter; the value itself for those in gauges", 0, {
      rare: true,
      sinceBoot: true,
    }),
  },

  prepare({ allowed_names }) {
    const reader = () => pairReader("Tcp", isAllowed(allowed_names));
    return {
      readers: new Map([["/proc/net/netstat", reader()], ["/proc/net/snmp", reader()]]),
    };
  },

  collect({ host, options, state, emit, skipLine }) {
    let found = false;
    for (const [path, read] of state.readers) {
      const lines = host.fs.tryRead(path);
      if (lines === undefined) {
        if (host.fs.exists(path)) skipLine({ source: path, line: () => undefined });
        continue;
      }
      const pairs = read(lines, skipLine);
      if (pairs === undefined) continue;
      found = true;
      for (const { name, value } of pairs) {
        if (options.gauges.includes(name)) emit("{counter}", value, name, AS_GAUGE);
        else emit("{counter}", value, name);
      }
    }
    if (!found) throw noData("there is no Tcp in /proc/net/netstat or /proc/net/snmp");
  },
});
