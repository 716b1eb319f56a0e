/** This machine, which answers, and an address that never does. */

import { type Daemon, say } from "../daemon.ts";

export default {
  collector: "PingCollector",
  packages: { ping: "iputils-ping" },
  survives: "ok: a host that does not answer is 10000",

  async start() {
    return {
      version: say("ping", ["-V"]).match(/iputils (\S+)/)![1],
      options: "bin = /usr/bin/ping\ntarget_1 = 127.0.0.1\ntarget_2 = 0.0.0.0.invalid\n",
      client: () => new Map([["127_0_0_1", 0.05], ["0_0_0_0_invalid", 10_000]]),
      moves: { "127_0_0_1": 100 },
      stop: async () => {},
    };
  },
} satisfies Daemon;
