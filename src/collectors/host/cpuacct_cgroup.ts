/** Source: cpuacct.stat, https://docs.kernel.org/admin-guide/cgroup-v1/cpuacct.html, and cpu.stat of version 2 */

import { defineCollector, gauge } from "../../core/collector.ts";
import { text } from "../../core/option.ts";
import { cgroupsOf, fieldsOf } from "../../formats/cgroups.ts";

/** Diamond has one option for the folder and for the metrics' path. */
const PATH = "/sys/fs/cgroup/cpuacct/";
/** Version 1 counts in hundredths of a second. */
const MICROSECONDS = 10_000;

export default defineCollector({
  name: "CpuAcctCgroupCollector",
  doc: "CPU time of control groups, of version 1 and 2",
  path: PATH,
  sources: [`${PATH}**/cpuacct.stat`, "/sys/fs/cgroup/**/cpu.stat"],
  options: {
    path: text(
      PATH,
      "The folder of version 1, and what stands for the collector in metric paths; one that does not begin with / is only that",
    ),
  },
  metrics: {
    "{group}.user": gauge("CPU time in programs since the group's start, in 1/100 s", 0, "cs"),
    "{group}.system": gauge("CPU time in the kernel since the group's start, in 1/100 s", 0, "cs"),
  },

  collect({ host: { fs }, options: { path }, emit, skipLine }) {
    for (const { folder, name } of cgroupsOf(fs, path.startsWith("/") ? path : PATH)) {
      const old = fieldsOf(fs, `${folder}/cpuacct.stat`, skipLine);
      const fields = old ?? fieldsOf(fs, `${folder}/cpu.stat`, skipLine);
      const ticks = (one: string, micro: string) =>
        old === undefined ? inTicks(fields?.get(micro)) : old.get(one);
      const user = ticks("user", "user_usec");
      const system = ticks("system", "system_usec");
      if (user !== undefined) emit("{group}.user", user, name);
      if (system !== undefined) emit("{group}.system", system, name);
    }
  },
});

function inTicks(microseconds: number | bigint | undefined): number | undefined {
  return microseconds === undefined ? undefined : Math.floor(Number(microseconds) / MICROSECONDS);
}
