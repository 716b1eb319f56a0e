/** Squid, which caches nothing; curl asks its cache manager. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, figuresIn, prefixed, run, say } from "../daemon.ts";

export default {
  collector: "SquidCollector",
  packages: { squid: "squid", curl: "curl" },

  async start({ folder, port }) {
    writeFileSync(
      `${folder}/squid.conf`,
      `http_port 127.0.0.1:${port}
acl localnet src 127.0.0.0/8
http_access allow localhost manager
http_access deny manager
http_access allow localnet
memory_cache_shared off
cache_log ${folder}/cache.log
access_log none
pid_filename ${folder}/pid
coredump_dir ${folder}
netdb_filename none
shutdown_lifetime 1 seconds
`,
    );
    const server = run("squid", ["-N", "-n", "tested", "-f", `${folder}/squid.conf`]);
    const url = `http://127.0.0.1:${port}/squid-internal-mgr/counters`;
    await answers("curl", ["-sf", url]);
    say("sh", ["-c", `curl -s -x 127.0.0.1:${port} http://127.0.0.1:9/; true`]);
    return {
      version: say("squid", ["-v"]).match(/Version (\S+)/)![1],
      options: `hosts = it@127.0.0.1:${port},\n`,
      client: () =>
        prefixed("it.", figuresIn(say("curl", ["-sf", url]), /^([\w.]+) = ([\d.]+)$/gm)),
      gone: { "it.sample_time": "a time with its text" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
