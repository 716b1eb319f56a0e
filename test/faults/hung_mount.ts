/**
 * A FUSE file system that never answers statfs, beside healthy ones: the others' values come at every
 * tick, one process is stuck at most, and it recovers when it is freed. Needs root and /dev/fuse.
 *
 *     npm run long -- hung_mount [--seconds 40]
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start, until } from "../harness/agent_process.ts";
import { hangingMount } from "../harness/hanging_mount.ts";
import { complaints, fault, flag, receiver, sleep, timestampOf } from "./fault.ts";

const seconds = flag("seconds", 40);

/** Children of a process. */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).filter((name) => {
    try {
      const text = readFileSync(`/proc/${name}/stat`, "latin1");
      return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]) === pid;
    } catch {
      return false;
    }
  }).map(Number);
}

await fault("hung mount", async (directory) => {
  const point = join(directory, "hanging");
  const mount = hangingMount(point);
  const problems: string[] = [];
  try {
    await mount.mounted();
    const server = await receiver();
    const config = join(directory, "diamond.conf");
    writeFileSync(
      config,
      `[server]
handlers = GraphiteHandler
pid_file = ${join(directory, "agent.pid")}
state_path = ${directory}
spool_path = ${join(directory, "spool")}
[handlers]
[[GraphiteHandler]]
host = 127.0.0.1
port = ${server.port}
[collectors]
[[default]]
interval = 1
hostname = web1
[[DiskSpaceCollector]]
enabled = True
filesystems = ext4, xfs, overlay, tmpfs, btrfs, fuse.hanging
[[LoadAverageCollector]]
enabled = True
`,
    );
    const running = start(["run", "-f", "-l", "-c", config]);
    await until("it collects", () => server.total > 0);
    const first = Math.ceil(Date.now() / 1000) + 1;
    let most = 0;
    const end = Date.now() + seconds * 1000;
    while (Date.now() < end) {
      most = Math.max(most, childrenOf(running.pid).length);
      await sleep(250);
    }
    const last = Math.floor(Date.now() / 1000) - 2;
    const freed = Date.now();
    mount.fuse.stdin.write("free\n");
    const name = `servers.web1.diskspace.${point.replaceAll("/", "_").replaceAll(".", "_")}`;
    const values = (path: string) =>
      [...server.lines.keys()].filter((line) => line.startsWith(`${path} `));
    try {
      await until("it is read again", () => values(`${name}.byte_used`).length > 0, 60);
    } catch {
      problems.push("it did not recover within 60 s");
    }
    const recovered = (Date.now() - freed) / 1000;
    await sleep(1500);
    if (await running.end() !== 0) problems.push("the stop failed");
    problems.push(...complaints(running.output()));
    const slots = (path: string) =>
      values(path).map(timestampOf).filter((stamp) => stamp >= first && stamp <= last).length;
    const wanted = last - first + 1;
    // A run that waits for the mount's deadline takes the place of the slots that pass meanwhile.
    const others = slots("servers.web1.loadavg.01");
    const disk = slots("servers.web1.diskspace.root.byte_used");
    const stale = values(`${name}.stale`).filter((line) => line.includes(" 1 ")).length;
    // Another fault may hang a mount of its own meanwhile.
    const told = [...running.output().matchAll(/WARNING\].* is stale/g)]
      .filter(([line]) => line.includes(point)).length;
    console.log(
      `  ${wanted} ticks: ${others} of another collector, ${disk} of the root file system, ` +
        `${stale} times stale 1`,
    );
    console.log(
      `  ${most} children at most, ${told} log line; freed: read again after ` +
        `${recovered.toFixed(1)} s`,
    );
    if (others < wanted) problems.push("another collector missed a tick");
    if (disk < wanted - 3 * Math.ceil(seconds / 60) - 2) problems.push("the root missed ticks");
    if (stale === 0) problems.push("it was never stale");
    if (most > 2) problems.push(`${most} children`);
    if (told !== 1) problems.push(`${told} log lines`);
    if (values(`${name}.stale`).every((line) => !line.includes(" 0 "))) {
      problems.push("it is not told that it works again");
    }
    await server.close();
  } finally {
    mount.end();
  }
  return problems;
});
