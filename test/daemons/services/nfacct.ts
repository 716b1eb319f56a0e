/** An accounting object of the kernel's firewall; nfacct itself lists it. */

import { type Daemon, figuresIn, prefixed, say } from "../daemon.ts";

const NAME = "diamond-test";

export default {
  collector: "NetfilterAccountingCollector",
  packages: { nfacct: "nfacct" },

  start() {
    say("nfacct", ["add", NAME]);
    return Promise.resolve({
      version: say("nfacct", ["version"]).match(/v?(\d[\d.]+)/)![1],
      options: "reset = False\n",
      client: () =>
        prefixed(`${NAME}.`, figuresIn(say("nfacct", ["get", NAME]), /(pkts|bytes) = (\d+)/g)),
      stop: () => Promise.resolve(void say("nfacct", ["del", NAME])),
    });
  },
} satisfies Daemon;
