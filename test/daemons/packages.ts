/** Debian's packages of the services that tests start. */

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { root } from "../harness/agent_process.ts";

/** Programs by the packages that bring them. */
export type Packages = Readonly<Record<string, string>>;

const FOLDERS = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin", "/bin", "/sbin"];

/** The packages whose programs are not there. */
export function missing(packages: Packages): string[] {
  return Object.entries(packages).filter(([program]) =>
    !existsSync(program) && !FOLDERS.some((folder) => existsSync(`${folder}/${program}`))
  ).map(([, name]) => name);
}

/** Where a package of npm, `@scope/name@version`, is put. */
export function npmFolder(npm: string): string {
  const [, name] = /^(.+)@/.exec(npm)!;
  return join(npmPrefix(npm), "node_modules", name);
}

function npmPrefix(npm: string): string {
  return join(root, "build/cache/npm", npm.replace(/\W+/g, "-"));
}

/** Puts it there; nothing of it is run. */
export function installNpm(npm: string): void {
  if (existsSync(npmFolder(npm))) return;
  mkdirSync(npmPrefix(npm), { recursive: true });
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  spawnSync("npm", ["install", "--prefix", npmPrefix(npm), ...quiet, npm], { stdio: "inherit" });
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

/** The folder into which a package of Debian's is unpacked, without being installed. */
export function unpacked(name: string): string {
  const folder = join(root, "build/cache/deb", name);
  if (existsSync(folder)) return folder;
  const downloads = join(root, "build/cache/deb/downloads");
  mkdirSync(downloads, { recursive: true });
  spawnSync("apt-get", ["-qq", "-o", "APT::Sandbox::User=root", "download", name], {
    cwd: downloads,
    stdio: "inherit",
  });
  const file = readdirSync(downloads).find((entry) => entry.startsWith(`${name}_`));
  if (file === undefined) throw new Error(`cannot download ${name}`);
  spawnSync("dpkg-deb", ["-x", join(downloads, file), folder], { stdio: "inherit" });
  return folder;
}
