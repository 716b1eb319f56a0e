/** The performance counters of a Ceph monitor. */

import type { Daemon } from "../daemon.ts";
import { say } from "../daemon.ts";
import { cephMon, cephPackages } from "../ceph_mon.ts";

export default {
  collector: "CephCollector",
  packages: cephPackages,

  async start(place) {
    const { version, bin, sockets, stop } = await cephMon(place);
    const socket = `${sockets}/ceph-mon.a.asok`;
    return {
      version,
      options: `socket_path = ${sockets}\nceph_binary = ${bin}\n`,
      client() {
        const { cluster } = JSON.parse(say(bin, ["--admin-daemon", socket, "perf", "dump"]));
        return new Map(
          Object.entries<number>(cluster).map((
            [name, value],
          ) => [`ceph.mon.a.cluster.${name}`, value]),
        );
      },
      stop,
    };
  },
} satisfies Daemon;
