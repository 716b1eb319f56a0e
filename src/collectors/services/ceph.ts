/** Source: https://docs.ceph.com/en/latest/dev/perf_counters/ */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { text } from "../../core/option.ts";
import { flatten } from "../../formats/flatten.ts";
import { parseJson } from "../../formats/json.ts";
import { run } from "../../protocols/command.ts";
import { each } from "../../protocols/each.ts";

/** The program is slow to start, and a host may have dozens of daemons. */
const AT_ONCE = 4;

export default defineCollector({
  name: "CephCollector",
  doc: "Performance counters of the Ceph daemons that run here, from their admin sockets",
  path: "CephCollector",
  sources: ["ceph --admin-daemon SOCKET perf dump"],
  systems: everySystem,
  options: {
    socket_path: text("/var/run/ceph", "Folder of the admin sockets"),
    socket_prefix: text("ceph-", "What their names begin with; it is left out in metrics"),
    socket_ext: text("asok", "What their names end with, behind a dot"),
    ceph_binary: text("/usr/bin/ceph", "The program ceph"),
  },
  metrics: {
    "ceph.{daemon}.{counter}": gauge("A performance counter, as the daemon has it", 0, {
      byte: "*bytes *bytes_used *bytes_avail",
      s: "*.avgtime *_time",
    }),
  },

  async collect({ host, options, emit, signal }) {
    const { socket_path, socket_prefix, socket_ext, ceph_binary: bin } = options;
    const ending = `.${socket_ext}`;
    const sockets = host.fs.list(socket_path).filter((name) =>
      name.startsWith(socket_prefix) && name.endsWith(ending)
    ).sort();
    if (sockets.length === 0) {
      throw noData(`there is no socket ${socket_path}/${socket_prefix}*${ending}`);
    }
    await each(sockets, (name) => name, async (name) => {
      const socket = `${socket_path}/${name}`;
      const program = { bin, use_sudo: false, sudo_cmd: "" };
      const output = await run(host, program, ["--admin-daemon", socket, "perf", "dump"], signal);
      const daemon = name.slice(socket_prefix.length, -ending.length);
      flatten(parseJson(output, socket), (counter, value) => {
        emit("ceph.{daemon}.{counter}", value, daemon, counter);
      });
    }, AT_ONCE);
  },
});
