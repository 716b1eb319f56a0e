/** A Ceph monitor that is alone: a cluster without disks. */

import { mkdirSync, writeFileSync } from "node:fs";
import { answers, type Place, run, say } from "./daemon.ts";

export interface CephMon {
  readonly version: string;
  /** A program `ceph` that knows this cluster. */
  readonly bin: string;
  /** Folder of its admin socket. */
  readonly sockets: string;
  stop(): Promise<void>;
}

export const cephPackages = { "ceph-mon": "ceph-mon", ceph: "ceph-common" };

export async function cephMon({ folder, port }: Place): Promise<CephMon> {
  const [conf, sockets, data] = ["ceph.conf", "run", "mon"].map((name) => `${folder}/${name}`);
  for (const path of [sockets, data]) mkdirSync(path);
  const id = say("cat", ["/proc/sys/kernel/random/uuid"]).trim();
  const address = `[v1:127.0.0.1:${port}/0]`;
  writeFileSync(
    conf,
    `[global]
fsid=${id}
mon host=${address}
mon initial members=a
run dir=${sockets}
admin socket=${sockets}/$cluster-$name.asok
auth cluster required=none
auth service required=none
auth client required=none
log file=${folder}/$name.log
`,
  );
  const [key, map] = [`${folder}/key`, `${folder}/map`];
  const mon = ["-c", conf, "-i", "a", "--mon-data", data];
  say("ceph-authtool", [
    "--create-keyring",
    key,
    "--gen-key",
    "-n",
    "mon.",
    "--cap",
    "mon",
    "allow *",
  ]);
  say("monmaptool", ["--create", "--addv", "a", address.replace("/0", ""), "--fsid", id, map]);
  say("ceph-mon", [...mon, "--mkfs", "--monmap", map, "--keyring", key]);
  const server = run("ceph-mon", ["-f", ...mon]);
  const bin = `${folder}/ceph`;
  writeFileSync(bin, `#!/bin/sh\nexec ceph -c ${conf} "$@"\n`, { mode: 0o755 });
  await answers("timeout", ["10", bin, "-s"], 60);
  return {
    version: say("ceph-mon", ["--version"]).match(/version (\S+)/)![1],
    bin,
    sockets,
    stop: server.stop,
  };
}
