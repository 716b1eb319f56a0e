/** Varnish in front of nothing; `varnishstat` in JSON says what its table has. */

import { writeFileSync } from "node:fs";
import { answers, type Daemon, run, say } from "../daemon.ts";

/** Of 350 counters some that a page, a miss and a thread move. */
const NAMES =
  `MAIN.uptime MAIN.sess_conn MAIN.client_req MAIN.cache_miss MAIN.cache_hit MAIN.threads
  MAIN.threads_created MAIN.backend_fail MAIN.s_sess MAIN.n_backend MAIN.pools MAIN.bans MAIN.vmods
  MGT.uptime MGT.child_start MGT.child_died LCK.wq.creat LCK.exp.locks`.split(/\s+/);

export default {
  collector: "VarnishCollector",
  packages: { varnishd: "varnish", varnishstat: "varnish", curl: "curl" },

  async start({ folder, port }) {
    const name = `${folder}/varnish`;
    const server = run("varnishd", [
      ...["-F", "-j", "none", "-n", name, "-a", `127.0.0.1:${port}`, "-b", "127.0.0.1:9"],
      ...["-s", "malloc,32m", "-T", "none"],
    ], { env: { HOME: folder } });
    await answers("curl", ["-s", `http://127.0.0.1:${port}/`]);
    await answers("varnishstat", ["-n", name, "-1"]);
    const bin = `${folder}/varnishstat`;
    writeFileSync(bin, `#!/bin/sh\nexec varnishstat -n ${name} "$@"\n`, { mode: 0o755 });
    return {
      version: say("sh", ["-c", "varnishd -V 2>&1"]).match(/varnish-([\d.]+)/)![1],
      options: `bin = ${bin}\n`,
      client() {
        const { counters } = JSON.parse(say("varnishstat", ["-n", name, "-j"]));
        return new Map(NAMES.map((key) => [key, counters[key].value]));
      },
      gone: {
        "MAIN.sess_drop": "not in 7.1",
        "MAIN.client_req_411": "not in 7.1",
        "MAIN.backend_toolate": "not in 7.1",
        "MAIN.sms_nreq": "not in 7.1",
        "MAIN.vsm_free": "not in 7.1",
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
