/** Source: memory.stat, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html and cgroup-v2.html */

import { defineCollector, gauge } from "../../core/collector.ts";
import { matchesAny, patterns, text } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { cgroupsOf, memoryOf } from "../../formats/cgroups.ts";

export default defineCollector({
  name: "MemoryCgroupCollector",
  doc: "Memory of control groups, of version 1 and 2",
  path: "memory_cgroup",
  sources: ["/sys/fs/cgroup/memory/**/memory.stat", "/sys/fs/cgroup/**/memory.stat"],
  options: {
    memory_path: text(
      "/sys/fs/cgroup/memory/",
      "The folder of version 1; where it is missing, version 2 is read",
    ),
    skip: patterns([], "search", "Folders to leave out"),
  },
  metrics: {
    "{group}.{field}": gauge(
      "Memory in the first byte_unit; total_: with the groups below, as all of version 2",
      0,
      "byte",
    ),
  },

  collect({ host: { fs }, options: { memory_path, skip, byte_unit: [unit] }, emit, skipLine }) {
    const scale = { scale: byteFactor("byte", unit), unit };
    for (const group of cgroupsOf(fs, memory_path)) {
      if (matchesAny(skip, group.folder)) continue;
      for (const [field, bytes] of memoryOf(fs, group, skipLine)) {
        emit("{group}.{field}", bytes, group.name, field, scale);
      }
    }
  },
});
