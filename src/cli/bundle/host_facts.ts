/** Facts of the host that a report of a defect needs. */

import type { Settings } from "../../config/settings.ts";
import type { Host } from "../../ports/host.ts";
import type { World } from "../world.ts";

const FILES: readonly (readonly [title: string, path: string])[] = [
  ["kernel", "/proc/version"],
  ["distribution", "/etc/os-release"],
  ["load", "/proc/loadavg"],
  ["memory", "/proc/meminfo"],
  ["pressure on memory", "/proc/pressure/memory"],
  ["limits of this process", "/proc/self/limits"],
  ["control group", "/proc/self/cgroup"],
  ["resolver", "/etc/resolv.conf"],
];
const MAX_LINES = 60;

export function hostFacts(world: World, settings: Settings | undefined): string {
  const host = world.host(settings?.server ?? {});
  const { system, cpus, names, figures } = host;
  const head = [
    `system ${system}, ${cpus} CPUs, up ${Math.round(figures.uptime())} s`,
    `hostname ${names.hostname()}`,
    `time ${new Date(host.clock.now()).toISOString()}`,
    `file systems ${fileSystems(host)}`,
  ];
  const files = FILES.map(([title, path]) => `\n# ${title}: ${path}\n${textOf(host, path)}`);
  return `${head.join("\n")}\n${files.join("")}`;
}

function textOf({ fs }: Host, path: string): string {
  try {
    const lines = new TextDecoder().decode(fs.readBytes(path)).trimEnd().split("\n");
    return `${lines.slice(0, MAX_LINES).join("\n")}\n`;
  } catch {
    return "not there\n";
  }
}

/** Their kinds alone: the options of a mount may have a password. */
function fileSystems(host: Host): string {
  const kinds = textOf(host, "/proc/mounts").split("\n").map((line) => line.split(" ")[2] ?? "");
  return [...new Set(kinds)].filter((kind) => kind !== "").sort().join(", ");
}
