/**
 * The project's tools: Bun, Deno and TypeScript, from node_modules. The scripts that run on a bare
 * Node are plain JavaScript; this is what they share.
 */

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** Installs the packages if they are missing or older than the lock file. */
export function ensurePackages() {
  const marker = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync(lock).mtimeMs) return;
  if (sameVersions(marker, lock)) return;
  console.log("Installing packages (npm ci) …");
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status } = spawnSync(npm, ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) throw new Error("npm ci failed: is the npm registry reachable?");
}

function sameVersions(marker, lock) {
  if (!existsSync(marker)) return false;
  const versions = (file) =>
    Object.entries(JSON.parse(readFileSync(file, "utf8")).packages).filter(([name]) => name !== "")
      .map(([name, { version }]) => [name, version]);
  const installed = new Map(versions(marker));
  return versions(lock).every((
    [name, version],
  ) => (installed.has(name) ? installed.get(name) === version : !existsSync(join(root, name))));
}

/**
 * Where a tool's program lies: in the platform's package, which works also where install scripts may
 * not run, or where such a script has moved it to.
 */
function program(scope, inPackage, moved) {
  const directory = join(root, "node_modules", scope);
  const platforms = existsSync(directory) ? readdirSync(directory) : [];
  const paths = platforms.flatMap((name) => inPackage.map((file) => join(directory, name, file)));
  const found = [...paths, join(root, "node_modules", moved)].find((path) =>
    existsSync(path) && statSync(path).size > MIN_BYTES
  );
  if (found === undefined) {
    throw new Error(
      `${scope} has no program for this machine (${process.platform}-${process.arch})`,
    );
  }
  return found;
}

/** Before its install script ran, a package may have a stub in the program's place. */
const MIN_BYTES = 1e6;

export const bun = () => program("@oven", ["bin/bun", "bin/bun.exe"], "bun/bin/bun.exe");
export const deno = () => program("@deno", ["deno", "deno.exe"], "deno/deno");
export const tsc = () => join(root, "node_modules", "typescript", "bin", "tsc");
