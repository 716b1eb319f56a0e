/** Source: as MemoryCgroupCollector, and https://docs.docker.com/reference/api/engine/ for the names */

import { defineCollector, gauge } from "../../core/collector.ts";
import { matchesAny, patterns, text } from "../../core/option.ts";
import { byteFactor } from "../../core/units.ts";
import { cgroupsOf, memoryOf } from "../../formats/cgroups.ts";
import { getJson } from "../../protocols/http_get.ts";

/** `docker.ID`, or `system.slice.docker-ID.scope` where systemd makes the groups. */
const GROUP = /^(?:.*\.)?docker[.-]([0-9a-f]{64})(?:\.scope)?(?=\.|$)/;

interface Container {
  readonly Id: string;
  readonly Names?: readonly string[];
}

export default defineCollector({
  name: "MemoryDockerCollector",
  doc: "Memory of control groups, of version 1 and 2, with Docker's containers by name",
  path: "memory_cgroup",
  sources: ["/sys/fs/cgroup/memory/**/memory.stat", "GET /containers/json"],
  options: {
    memory_path: text(
      "/sys/fs/cgroup/memory/",
      "The folder of version 1; where it is missing, version 2 is read",
    ),
    skip: patterns([], "search", "Folders to leave out"),
    socket: text("/var/run/docker.sock", "The engine's socket"),
  },
  metrics: {
    "{group}.{field}": gauge(
      "Memory in the first byte_unit; total_: with the groups below, as all of version 2",
      0,
      "byte",
    ),
  },

  async collect({ host, options, emit, signal, skipLine }) {
    const { memory_path, skip, byte_unit: [unit], socket } = options;
    const containers = await getJson<Container[]>(
      host,
      "http://localhost/containers/json?all=1",
      signal,
      { socket },
    );
    const names = new Map(containers.map(({ Id, Names: [name = Id] = [] }) => [Id, name]));
    const scale = { scale: byteFactor("byte", unit), unit };
    for (const group of cgroupsOf(host.fs, memory_path)) {
      if (matchesAny(skip, group.folder)) continue;
      const name = group.name.replace(GROUP, (whole, id: string) => {
        const known = names.get(id);
        return known === undefined ? whole : `docker.${known.replace(/^\//, "")}`;
      });
      for (const [field, bytes] of memoryOf(host.fs, group, skipLine)) {
        emit("{group}.{field}", bytes, name, field, scale);
      }
    }
  },
});
