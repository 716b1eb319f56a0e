/** Source: https://www.kernel.org/doc/html/latest/networking/nf_conntrack-sysctl.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { words } from "../../core/option.ts";

export default defineCollector({
  name: "ConnTrackCollector",
  doc: "Connections that the firewall tracks, and how many it can",
  path: "conntrack",
  sources: [
    "/proc/sys/net/netfilter/nf_conntrack_count",
    "/proc/sys/net/netfilter/nf_conntrack_max",
  ],
  options: {
    dir: words(
      ["/proc/sys/net/ipv4/netfilter", "/proc/sys/net/netfilter"],
      "Directories to look in",
    ),
    files: words(
      ["ip_conntrack_count", "ip_conntrack_max", "nf_conntrack_count", "nf_conntrack_max"],
      "Files to read; their names end with conntrack_count or conntrack_max",
    ),
  },
  metrics: {
    ip_conntrack_count: gauge("Connections tracked"),
    ip_conntrack_max: gauge("Connections that can be tracked"),
  },

  collect({ host, options, emit, skipLine }) {
    const found = new Map<Name, number>();
    for (const directory of options.dir) {
      for (const file of options.files) {
        const lines = host.fs.tryRead(`${directory}/${file}`);
        if (lines === undefined) continue;
        const name = nameOf(file);
        if (name === undefined) continue;
        const value = lines.tryFloat();
        if (value === undefined || value < 0 || lines.more) skipLine(lines);
        else found.set(name, value);
      }
    }
    if (found.size === 0) {
      throw noData(
        `none of ${options.files.join(", ")} in ${
          options.dir.join(", ")
        }: is the module nf_conntrack loaded?`,
      );
    }
    for (const [name, value] of found) emit(name, value);
  },
});

type Name = "ip_conntrack_count" | "ip_conntrack_max";

function nameOf(file: string): Name | undefined {
  if (file.endsWith("conntrack_count")) return "ip_conntrack_count";
  return file.endsWith("conntrack_max") ? "ip_conntrack_max" : undefined;
}
