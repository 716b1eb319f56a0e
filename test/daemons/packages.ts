/** Debian's packages of the services that tests start. */

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";

/** Programs by the packages that bring them. */
export type Packages = Readonly<Record<string, string>>;

const FOLDERS = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];

/** The packages whose programs are not there. */
export function missing(packages: Packages): string[] {
  return Object.entries(packages).filter(([program]) =>
    !existsSync(program) && !FOLDERS.some((folder) => existsSync(`${folder}/${program}`))
  ).map(([, name]) => name);
}

/** Installs what is missing, where root can; none of what comes is left running. */
export function install(packages: Packages): void {
  const lacking = missing(packages);
  if (lacking.length === 0 || process.getuid?.() !== 0 || missing({ "apt-get": "" }).length > 0) {
    return;
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const lock = ["-o", "DPkg::Lock::Timeout=300", "-qq"];
  const sure = ["-y", "--no-install-recommends"];
  spawnSync("apt-get", [...lock, "update"], { env, stdio: "ignore" });
  spawnSync("apt-get", [...lock, ...sure, "install", ...lacking], { env, stdio: "inherit" });
  if (existsSync("/run/systemd/system")) {
    spawnSync("systemctl", ["disable", "--now", ...lacking], { stdio: "ignore" });
  }
}
