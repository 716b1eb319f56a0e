/** A folder with the executable, its libraries, /proc, and nothing else, to be chrooted into. */

import { ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { executable, type Running, start } from "./agent_process.ts";

export const notRoot = process.getuid?.() === 0 ? false : "needs root";

export interface Jail {
  /** Runs the executable as a process that is nobody known, with no environment at all. */
  start(args: readonly string[]): Running;
  leave(): void;
}

export function makeJail(jail: string): Jail {
  mkdirSync(join(jail, "proc"), { recursive: true });
  copyFileSync(executable, join(jail, "diamond-agent"));
  chmodSync(join(jail, "diamond-agent"), 0o755);
  const libraries = [
    ...spawnSync("ldd", [executable], { encoding: "utf8" }).stdout.matchAll(/(\/\S+) \(0x/g),
  ].map((found) => found[1]);
  ok(libraries.length >= 3);
  for (const library of libraries) {
    mkdirSync(join(jail, dirname(library)), { recursive: true });
    cpSync(realpathSync(library), join(jail, library));
  }
  spawnSync("mount", ["-t", "proc", "proc", join(jail, "proc")]);
  return {
    start: (args) =>
      start(["--userspec=4711:4711", jail, "/diamond-agent", ...args], {
        program: "/usr/sbin/chroot",
      }),
    leave: () => void spawnSync("umount", [join(jail, "proc")]),
  };
}
