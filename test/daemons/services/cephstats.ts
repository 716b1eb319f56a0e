/** `ceph -s` of a cluster without disks, so without traffic. */

import { cephMon, cephPackages } from "../ceph_mon.ts";
import type { Daemon } from "../daemon.ts";

const WHY = "a cluster without disks has no traffic, and no line of it";

export default {
  collector: "CephStatsCollector",
  packages: cephPackages,

  async start(place) {
    const { version, bin, stop } = await cephMon(place);
    return {
      version,
      options: `ceph_binary = ${bin}\n`,
      client: () => new Map(),
      gone: { "cephstats.rd": WHY, "cephstats.wr": WHY, "cephstats.iops": WHY },
      stop,
    };
  },
} satisfies Daemon;
