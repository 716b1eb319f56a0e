/** Postfix with two messages that nobody takes. */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { answers, type Daemon, say } from "../daemon.ts";

export default {
  collector: "PostqueueCollector",
  packages: { postqueue: "postfix" },
  survives: "ok: postqueue reads the queue itself",

  async start({ folder, port }) {
    const etc = `${folder}/etc`;
    for (const name of ["etc", "spool", "data"]) mkdirSync(`${folder}/${name}`);
    writeFileSync(
      `${etc}/main.cf`,
      `compatibility_level = 3.6
queue_directory = ${folder}/spool
data_directory = ${folder}/data
inet_interfaces = 127.0.0.1
mydestination =
default_transport = nowhere
maillog_file = /var/log/daemon-test-postfix.log
alias_maps =
`,
    );
    const master = readFileSync("/usr/share/postfix/master.cf.dist", "utf8");
    writeFileSync(`${etc}/master.cf`, master.replace(/^smtp +inet/m, `127.0.0.1:${port} inet`));
    for (const name of ["dynamicmaps.cf", "postfix-files"]) {
      copyFileSync(`/etc/postfix/${name}`, `${etc}/${name}`);
    }
    say("chown", ["postfix", `${folder}/data`]);
    // The collector runs it without words of its own.
    const bin = `${folder}/postqueue`;
    writeFileSync(bin, `#!/bin/sh\nexec postqueue -c ${etc} "$@"\n`, { mode: 0o755 });
    say("postfix", ["-c", etc, "start"]);
    for (const to of ["b@y.test", "c@y.test"]) {
      say("sendmail", ["-C", etc, "-f", "a@x.test", to], "Subject: a\n\nhello\n");
    }
    const queue = () =>
      say("postqueue", ["-c", etc, "-j"]).split("\n").filter((line) => line !== "");
    await answers("sh", ["-c", `[ $(postqueue -c ${etc} -j | wc -l) = 2 ]`]);
    return {
      version: say("postconf", ["-h", "mail_version"]).trim(),
      options: `bin = ${bin}\n`,
      client: () => new Map([["count", queue().length]]),
      async stop() {
        say("postfix", ["-c", etc, "stop"]);
      },
    };
  },
} satisfies Daemon;
