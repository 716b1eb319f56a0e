/** What the kernel of this host has. */

import type { Host } from "../../ports/host.ts";
import type { Discovery } from "./place.ts";

export const kernel: readonly Discovery[] = [
  {
    collector: "PressureCollector",
    discover({ host }) {
      return host.fs.tryRead("/proc/pressure/cpu") === undefined
        ? undefined
        : { why: "the kernel has pressure information", options: {} };
    },
  },
  {
    collector: "SmartCollector",
    discover({ host }) {
      const disks = disksOf(host);
      const bin = host.exec.find("smartctl");
      if (bin === undefined || disks.length === 0) return undefined;
      const options = { bin };
      const why = `smartctl is there, for ${disks.join(" ")}`;
      if (isRoot(host.fs.tryRead("/proc/self/status")?.text() ?? "")) return { why, options };
      return {
        why,
        options: { ...options, use_sudo: "True" },
        lacks: [`diamond ALL=(root) NOPASSWD: ${bin}`, "in a file of /etc/sudoers.d"],
      };
    },
  },
  {
    collector: "MdStatCollector",
    discover({ host }) {
      const arrays = host.fs.tryRead("/proc/mdstat")?.text().match(/^md\w+/gm) ?? [];
      if (arrays.length === 0) return undefined;
      return { why: `the kernel has arrays of disks: ${arrays.join(" ")}`, options: {} };
    },
  },
  {
    collector: "ConnTrackCollector",
    discover({ host }) {
      const file = "/proc/sys/net/netfilter/nf_conntrack_count";
      return host.fs.exists(file)
        ? { why: "the kernel tracks connections, for a firewall or NAT", options: {} }
        : undefined;
    },
  },
];

function isRoot(status: string): boolean {
  return /^Uid:\s+\d+\s+0\s/m.test(status);
}

function disksOf({ fs }: Host): string[] {
  const names = fs.exists("/sys/block") ? fs.list("/sys/block") : [];
  return names.filter((name) => /^(sd[a-z]+|nvme\d+n\d+)$/.test(name) && fs.exists(`/dev/${name}`))
    .sort();
}
