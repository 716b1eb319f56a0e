/** Source: the memory controller's files of a container's control group, of version 1 and 2 */

import { defineCollector, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { text } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { numberOf } from "../../formats/number_file.ts";
import type { HostFs } from "../../ports/fs.ts";

/** Where LXC puts the groups today; `lxc.payload.NAME` since 4.0. */
const PLACES = ["/sys/fs/cgroup/memory/lxc", "/sys/fs/cgroup/memory", "/sys/fs/cgroup"];
const PAYLOAD = "lxc.payload.";
/** Files by the metric: of version 1, of version 2. */
const FILES = {
  "{container}.memory.usage_in_{unit}s": ["memory.usage_in_bytes", "memory.current"],
  "{container}.memory.limit_in_{unit}s": ["memory.limit_in_bytes", "memory.max"],
} as const;

export default defineCollector({
  name: "MemoryLxcCollector",
  doc: "Memory of LXC's containers, and its limits",
  path: "lxc",
  sources: ["/sys/fs/cgroup/lxc/*/memory.*", "/sys/fs/cgroup/lxc.payload.*/memory.*"],
  options: {
    sys_path: text("/sys/fs/cgroup/lxc", "A folder with one for each container"),
  },
  metrics: {
    "{container}.memory.usage_in_{unit}s": gauge("Memory in use, in each byte_unit", 0, "{unit}"),
    "{container}.memory.limit_in_{unit}s": gauge(
      "The limit; absent where version 2 has none",
      0,
      "{unit}",
    ),
  },

  collect({ host: { fs }, options: { sys_path, byte_unit }, emit, skipLine }) {
    const containers = containersIn(fs, sys_path);
    if (containers.size === 0) throw noData(`no container in ${sys_path} or below ${PLACES[2]}`);
    for (const [name, folder] of containers) {
      for (const metric of Object.keys(FILES) as (keyof typeof FILES)[]) {
        const path = FILES[metric].map((file) => `${folder}/${file}`).find((one) => fs.exists(one));
        if (path === undefined || fs.tryRead(path)?.word() === "max") continue;
        const bytes = numberOf(fs, path, skipLine);
        if (bytes === undefined) continue;
        for (const unit of byte_unit) {
          emit(metric, bytes, name, unit, { scale: byteFactor("byte", unit) });
        }
      }
    }
  },
});

/** Folders by the container's name in metrics. */
function containersIn(fs: HostFs, sysPath: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const place of [sysPath, ...PLACES]) {
    const isOwn = place.endsWith("/lxc") || place === sysPath;
    for (const name of fs.exists(place) ? fs.list(place).sort() : []) {
      if (!isOwn && !name.startsWith(PAYLOAD)) continue;
      const container = (isOwn ? name : name.slice(PAYLOAD.length)).replaceAll(".", "_");
      const folder = `${place}/${name}`;
      if (!found.has(container) && fs.stat(folder)?.isDirectory) found.set(container, folder);
    }
  }
  return found;
}
