/** collectd, which counts files and sends their number as a Java program would send its memory. */

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "JCollectdCollector",
  secondRun: 5000,
  packages: { collectd: "collectd-core" },
  survives: "what sends it is another program: without it nothing comes",

  async start({ folder, port }) {
    mkdirSync(`${folder}/counted`);
    for (const name of ["a", "b", "c"]) writeFileSync(`${folder}/counted/${name}`, "");
    writeFileSync(
      `${folder}/collectd.conf`,
      `Hostname "web1.example.com"
FQDNLookup false
Interval 0.05
BaseDir "${folder}"
PIDFile "${folder}/pid"
TypesDB "/usr/share/collectd/types.db"
LoadPlugin network
LoadPlugin filecount
<Plugin network>
  MaxPacketSize 1024
  Server "127.0.0.1" "${port}"
</Plugin>
<Plugin filecount>
  <Directory "${folder}/counted">
    Instance "shop-MemoryPool Eden Space"
    FilesSizeType ""
  </Directory>
</Plugin>
`,
    );
    const server = run("collectd", ["-f", "-C", `${folder}/collectd.conf`]);
    const name = "servers.web1.example.com.jvm.shop.filecount.MemoryPool.Eden_Space";
    return await Promise.resolve({
      version: say("sh", ["-c", "collectd -h; true"]).match(/collectd (\d[\d.]+\d)/)![1],
      options: `listener_port = ${port}\n`,
      client: () => new Map([[name, readdirSync(`${folder}/counted`).length]]),
      stop: server.stop,
    });
  },
} satisfies Daemon;
