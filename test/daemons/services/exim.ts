/** Exim with two messages that wait; unpacked beside the system, since it would put Postfix out of the house. */

import { chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type Daemon, say } from "../daemon.ts";
import { unpacked } from "../packages.ts";

export default {
  collector: "EximCollector",
  packages: { "dpkg-deb": "dpkg", "/usr/lib/x86_64-linux-gnu/libidn.so.12": "libidn12" },
  survives: "the queue is a folder, with or without a daemon",

  start({ folder }) {
    const program = `${unpacked("exim4-daemon-light")}/usr/sbin/exim4`;
    const [conf, spool] = [`${folder}/exim.conf`, `${folder}/spool`];
    mkdirSync(spool);
    const [user, group] = ["-u", "-g"].map((what) => Number(say("id", [what, "nobody"])));
    chownSync(spool, user, group);
    writeFileSync(
      conf,
      `exim_user = nobody
exim_group = nogroup
spool_directory = ${spool}
log_file_path = ${folder}/log-%s
primary_hostname = vm.test
never_users =
begin routers
none:
 driver = manualroute
 route_list = * 127.0.0.1
 transport = later
begin transports
later:
 driver = smtp
`,
    );
    say("chmod", ["644", conf]);
    const bin = `${folder}/exim`;
    // The program has the name of its user compiled in, and ends where there is no such user.
    for (const name of ["passwd", "group"]) {
      const users = readFileSync(`/etc/${name}`, "utf8");
      const own = name === "group" ? `:${group}:` : `:${user}:${group}::/:/bin/false`;
      writeFileSync(`${folder}/${name}`, `${users}Debian-exim:x${own}\n`);
    }
    writeFileSync(
      bin,
      `#!/bin/sh
[ "$IN" ] || IN=1 exec unshare -m "$0" "$@"
for name in passwd group; do mount --bind ${folder}/$name /etc/$name; done
exec ${program} -C ${conf} "$@"
`,
      { mode: 0o755 },
    );
    for (const to of ["a@x.test", "b@y.test"]) say(bin, ["-odq", to], "Subject: a\n\nx\n");
    return Promise.resolve({
      version: say(bin, ["-bV"]).match(/version (\S+)/)![1],
      options: `bin = ${bin}\n`,
      client: () => new Map([["queuesize", say(bin, ["-bp"]).match(/@\w+\.test$/gm)!.length]]),
      stop: () => Promise.resolve(),
    });
  },
} satisfies Daemon;
