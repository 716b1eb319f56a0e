/** What a container engine does, by hand: namespaces and a root of its own, the host's trees mounted elsewhere. */

import { equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { noExecutable, root, temporary } from "../harness/agent_process.ts";
import { describeWith } from "../harness/describe_with.ts";
import { makeJail, notRoot } from "../harness/jail.ts";

const { path: directory, remove } = temporary();
after(remove);

/** Of conf/Containerfile, so that it cannot go its own way. */
const containerfile = readFileSync(join(root, "conf/Containerfile"), "utf8");
const environment = Object.fromEntries(
  [...containerfile.matchAll(/\b(HOST_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
);

describeWith("a container", noExecutable || notRoot, () => {
  const base = join(directory, "container");
  makeJail(base).leave();
  for (const path of ["host/proc", "host/sys", "host/root"]) {
    mkdirSync(join(base, path), { recursive: true });
  }
  const inside = (...words: string[]) => {
    const { status, stdout, stderr } = spawnSync("/usr/bin/unshare", [
      ...["--pid", "--net", "--mount", "--uts", "--ipc", "--fork", "sh", "-c"],
      `mount --bind /proc ${base}/host/proc && mount --bind /sys ${base}/host/sys &&
       mount --rbind / ${base}/host/root && mount -o remount,bind,ro ${base}/host/root &&
       mount -t proc proc ${base}/proc && exec chroot ${base} /diamond-agent "$@"`,
      "sh",
      ...words,
    ], { encoding: "utf8", env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...environment } });
    equal(`${status} ${stderr}`, "0 ");
    return stdout;
  };

  it("has the host's figures, not its own", () => {
    equal(Object.keys(environment).sort().join(), "HOST_PROC,HOST_ROOT,HOST_SYS");
    const lines = inside(
      ...["collect", "MemoryCollector", "NetworkCollector", "DiskSpaceCollector"],
      ...["ProcessStatCollector", "--rounds", "2"],
    );
    const total = /MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))![1];
    match(lines, new RegExp(`memory\\.MemTotal ${Number(total) * 1024} `));
    // Its own network has nothing but a loopback that is down.
    const devices = readFileSync("/proc/net/dev", "utf8").split("\n").map((line) =>
      /^\s*((?:eth|en|bond|em|p\dp)\w+):/.exec(line)?.[1]
    ).filter((name) => name !== undefined);
    for (const device of devices) match(lines, new RegExp(`network\\.${device}\\.rx_byte`));
    match(lines, /diskspace\.root\.byte_free /);
    const free = spawnSync("df", ["--output=size", "-B1", "/"], { encoding: "utf8" }).stdout;
    const used = /diskspace\.root\.byte_used (\d+)/.exec(lines)![1];
    const rest = /diskspace\.root\.byte_free (\d+)/.exec(lines)![1];
    equal(Number(used) + Number(rest), Number(/(\d+)\s*$/.exec(free)![1]));
    ok(!/\.host_root/.test(lines), "the mounts that it was given are not disks of their own");
  });
});
