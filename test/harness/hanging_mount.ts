/** A FUSE file system that stops answering. It needs root and /dev/fuse. */

import { spawn, spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { endWithTests, until } from "./agent_process.ts";

const PROGRAM = join(import.meta.dirname!, "../faults/hanging_fs.py");

export function hangingMount(point: string) {
  mkdirSync(point);
  const fuse = spawn("/usr/bin/python3", [PROGRAM, point], { stdio: ["pipe", "pipe", "pipe"] });
  endWithTests(fuse);
  let said = "";
  fuse.stdout.on("data", (chunk) => (said += chunk));
  fuse.stderr.on("data", (chunk) => (said += chunk));
  return {
    fuse,
    mounted: () => until("it is mounted", () => said.includes("mounted")),
    end() {
      fuse.stdin.end();
      spawnSync("umount", ["-l", point]);
      fuse.kill();
    },
  };
}
