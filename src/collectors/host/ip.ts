/** Source: https://www.kernel.org/doc/html/latest/networking/snmp_counter.html */

import { counter, defineCollector, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { words } from "../../core/option.ts";
import { isAllowed, pairReader } from "../../formats/proc_snmp.ts";

const NAMES = [
  "InAddrErrors",
  "InDelivers",
  "InDiscards",
  "InHdrErrors",
  "InReceives",
  "InUnknownProtos",
  "OutDiscards",
  "OutNoRoutes",
  "OutRequests",
];

export default defineCollector({
  name: "IPCollector",
  doc: "Packets of IPv4 and IPv6, by what became of them",
  path: "ip",
  sources: ["/proc/net/snmp", "/proc/net/snmp6"],
  options: {
    allowed_names: words(
      [...NAMES, ...NAMES.map((name) => `Ip6${name}`)],
      "Counters to publish, by the kernel's names; empty: all",
    ),
  },
  metrics: {
    Forwarding: gauge("1: packets are forwarded, 2: they are not"),
    DefaultTTL: gauge("Hops that a packet may take"),
    "{counter}": counter("Packets of a counter", 0, { rare: true, sinceBoot: true }),
  },

  prepare({ allowed_names }) {
    const allowed = isAllowed(allowed_names);
    return { allowed, read: pairReader("Ip", allowed) };
  },

  collect({ host, state, emit, skipLine }) {
    const ipv4 = host.fs.tryRead("/proc/net/snmp");
    const ipv6 = host.fs.tryRead("/proc/net/snmp6");
    if (ipv4 === undefined && ipv6 === undefined) {
      throw noData("cannot read /proc/net/snmp or /proc/net/snmp6");
    }
    if (ipv4 === undefined) tellOf("/proc/net/snmp");
    if (ipv6 === undefined) tellOf("/proc/net/snmp6");
    for (const { name, value } of (ipv4 && state.read(ipv4, skipLine)) ?? []) {
      if (name === "Forwarding" || name === "DefaultTTL") emit(name, value);
      else emit("{counter}", value, name);
    }
    while (ipv6?.nextLine()) {
      const name = ipv6.word();
      if (name === "" || !state.allowed(name)) continue;
      const value = ipv6.tryCounter();
      if (value === undefined || ipv6.more) skipLine(ipv6);
      else emit("{counter}", value, name);
    }

    /** A host without IPv6 has no such file. */
    function tellOf(source: string): void {
      if (host.fs.exists(source)) skipLine({ source, line: () => undefined });
    }
  },
});
