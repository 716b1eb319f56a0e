/** What the kernel and the machine have, by the files of /proc and /sys. */

import type { HostFs } from "../../ports/fs.ts";
import type { Discovery } from "./place.ts";

interface Sign {
  readonly collector: string;
  readonly why: string;
  isThere(fs: HostFs): boolean;
}

const SIGNS: readonly Sign[] = [
  {
    collector: "PressureCollector",
    why: "the kernel has pressure information",
    // With psi=0 some kernels have the file, and refuse to have it read.
    isThere: (fs) => fs.tryRead("/proc/pressure/cpu") !== undefined,
  },
  {
    collector: "MdStatCollector",
    why: "the kernel has arrays of disks",
    isThere: (fs) => /^md\w+/m.test(textOf(fs, "/proc/mdstat")),
  },
  {
    collector: "ConnTrackCollector",
    why: "the kernel tracks connections, for a firewall or NAT",
    isThere: (fs) => fs.exists("/proc/sys/net/netfilter/nf_conntrack_count"),
  },
  {
    collector: "DRBDCollector",
    why: "the kernel has DRBD",
    isThere: (fs) => fs.exists("/proc/drbd"),
  },
  {
    collector: "XFSCollector",
    why: "a file system of the type xfs is mounted",
    isThere: (fs) => fs.exists("/proc/fs/xfs/stat") && hasMount(fs, "xfs"),
  },
  {
    collector: "NfsCollector",
    why: "a file system of the type nfs is mounted",
    isThere: (fs) => fs.exists("/proc/net/rpc/nfs") && hasMount(fs, "nfs4?"),
  },
  {
    collector: "MountStatsCollector",
    why: "a file system of the type nfs is mounted",
    isThere: (fs) => hasMount(fs, "nfs4?"),
  },
  {
    collector: "NfsdCollector",
    why: "the kernel serves files by NFS",
    isThere: (fs) => /^th [1-9]/m.test(textOf(fs, "/proc/net/rpc/nfsd")),
  },
  {
    collector: "NumaCollector",
    why: "the machine has several nodes of memory",
    isThere: (fs) => fs.exists("/sys/devices/system/node/node1/meminfo"),
  },
  {
    collector: "KSMCollector",
    why: "the kernel shares equal pages",
    isThere: (fs) => textOf(fs, "/sys/kernel/mm/ksm/run").trim() === "1",
  },
  {
    collector: "KVMCollector",
    why: "the kernel runs guests",
    isThere: (fs) => fs.exists("/sys/kernel/debug/kvm"),
  },
  {
    collector: "LMSensorsCollector",
    why: "the machine has sensors",
    isThere: (fs) =>
      namesIn(fs, "/sys/class/hwmon").some((chip) =>
        namesIn(fs, `/sys/class/hwmon/${chip}`).some((name) => /^[a-z]+\d+_input$/.test(name))
      ),
  },
];

export const kernel: readonly Discovery[] = SIGNS.map(({ collector, why, isThere }) => ({
  collector,
  discover: ({ host: { fs } }) => isThere(fs) ? { why, options: {} } : undefined,
}));

function textOf(fs: HostFs, path: string): string {
  return fs.tryRead(path)?.text() ?? "";
}

function namesIn(fs: HostFs, path: string): readonly string[] {
  return fs.exists(path) ? fs.list(path) : [];
}

function hasMount(fs: HostFs, type: string): boolean {
  return new RegExp(`^\\S+ \\S+ ${type} `, "m").test(textOf(fs, "/proc/mounts"));
}
