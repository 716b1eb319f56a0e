/** Source: https://doc.powerdns.com/authoritative/performance.html#performance-metrics */

import { defineCollector, everySystem, gauge, rate } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, run } from "../../protocols/command.ts";

/** Those of Diamond, and those that have come since. */
const GAUGES = wordsOf(`
  cache-bytes cache-entries chain-resends concurrent-queries dlg-only-drops dont-outqueries
  ipv6-outqueries latency max-mthread-stack negcache-entries nsspeeds-entries packetcache-bytes
  packetcache-entries packetcache-size qa-latency throttle-entries

  backend-latency cache-latency fd-usage key-cache-size meta-cache-size open-tcp-connections
  query-cache-size real-memory-usage receive-latency security-status send-latency
  signature-cache-size uptime xfr-queue zone-cache-size
`);
const RINGS = /^ring-.*-(size|capacity)$/;

export default defineCollector({
  name: "PowerDNSCollector",
  doc: "Queries, answers and caches of PowerDNS",
  path: "powerdns",
  sources: ["pdns_control list"],
  systems: everySystem,
  options: commandOptions("/usr/bin/pdns_control"),
  metrics: {
    "{gauge}": gauge("Sizes, latencies and seconds, now", 0, {
      us: "*latency",
      byte: "*-memory-usage",
      s: "uptime",
    }),
    "{rate}": rate("Everything else, in a second", 0, {
      unit: { "byte/s": "*-bytes", "ms/s": "*-msec" },
    }),
  },

  async collect({ host, options, emit, signal, skipLine }) {
    const output = await run(host, options, ["list"], signal);
    let found = false;
    for (const item of output.split(",")) {
      if (item.trim() === "") continue;
      const [, name, written] = /^([\w-]+)=(.*)$/s.exec(item.trim()) ?? [];
      const value = numberIn(written);
      if (value === undefined) {
        skipLine(unreadPart("pdns_control list", item));
        continue;
      }
      found = true;
      if (GAUGES.includes(name) || RINGS.test(name)) emit("{gauge}", value, name);
      else emit("{rate}", value, name);
    }
    if (!found) throw badData("pdns_control list prints no statistics");
  },
});
