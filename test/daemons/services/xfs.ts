/** An XFS in a file, mounted, with a few files; awk reads what the kernel counts. */

import { mkdirSync } from "node:fs";
import { type Daemon, figuresIn, say } from "../daemon.ts";

/** By line and column: what creating files moves. */
const FIELDS =
  "dir.create=2 dir.lookup=1 log.writes=1 trans.async=2 ibt2.lookup=1 xpc.xs_write_bytes=2";

export default {
  collector: "XFSCollector",
  packages: { "mkfs.xfs": "xfsprogs", mount: "mount", awk: "mawk" },
  survives: "reads the kernel's files",

  start({ folder }) {
    mkdirSync(`${folder}/mounted`);
    say("truncate", ["-s", "320M", `${folder}/image`]);
    say("mkfs.xfs", ["-q", `${folder}/image`]);
    say("mount", ["-o", "loop", `${folder}/image`, `${folder}/mounted`]);
    say("cp", ["-r", "/etc/default", `${folder}/mounted`]);
    say("sync", []);
    const print = FIELDS.split(" ").map((field) => {
      const [, line, name, column] = /^(\w+)\.(\w+)=(\d)$/.exec(field)!;
      return `$1 == "${line}" { print "${line}.${name}", $(${column} + 1) }`;
    }).join("\n");
    return Promise.resolve({
      version: say("uname", ["-r"]).trim(),
      options: "",
      client: () => figuresIn(say("awk", [print, "/proc/fs/xfs/stat"]), /^(\S+) (\d+)$/gm),
      stop: () => Promise.resolve(void say("umount", [`${folder}/mounted`])),
    });
  },
} satisfies Daemon;
