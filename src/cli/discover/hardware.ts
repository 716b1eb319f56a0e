/** Devices that are asked with a program, most of them by root alone. */

import type { Host } from "../../ports/host.ts";
import type { Discovery, Found } from "./place.ts";

export const hardware: readonly Discovery[] = [
  {
    collector: "SmartCollector",
    discover({ host }) {
      const disks = disksOf(host);
      return disks.length === 0
        ? undefined
        : asRoot(host, "smartctl", `smartctl is there, for ${disks.join(" ")}`);
    },
  },
  {
    collector: "IPMISensorCollector",
    discover({ host }) {
      const device = ["/dev/ipmi0", "/dev/ipmi/0", "/dev/ipmidev/0"].find(host.fs.exists);
      return device === undefined
        ? undefined
        : asRoot(host, "ipmitool", `ipmitool is there, for ${device}`);
    },
  },
  {
    collector: "IPVSCollector",
    discover({ host }) {
      const table = host.fs.tryRead("/proc/net/ip_vs")?.text() ?? "";
      return /^(TCP|UDP|SCTP|FWM) /m.test(table)
        ? asRoot(host, "ipvsadm", "the kernel distributes connections")
        : undefined;
    },
  },
  {
    collector: "NvidiaGPUCollector",
    discover({ host: { fs, exec } }) {
      const bin = exec.find("nvidia-smi");
      return bin === undefined || !fs.exists("/proc/driver/nvidia/version")
        ? undefined
        : { why: "nvidia-smi is there, and the driver is loaded", options: { bin } };
    },
  },
];

/** The program with sudo, where the agent is not root. Undefined where it is not installed. */
function asRoot({ fs, exec }: Host, program: string, why: string): Found | undefined {
  const bin = exec.find(program);
  if (bin === undefined) return undefined;
  const isRoot = /^Uid:\s+\d+\s+0\s/m.test(fs.tryRead("/proc/self/status")?.text() ?? "");
  return {
    why,
    options: { bin, use_sudo: isRoot ? "False" : "True" },
    ...(!isRoot && {
      lacks: [`diamond ALL=(root) NOPASSWD: ${bin}`, "in a file of /etc/sudoers.d"],
    }),
  };
}

function disksOf({ fs }: Host): string[] {
  const names = fs.exists("/sys/block") ? fs.list("/sys/block") : [];
  return names.filter((name) => /^(sd[a-z]+|nvme\d+n\d+)$/.test(name) && fs.exists(`/dev/${name}`))
    .sort();
}
