/** A port on which somebody listens; `ss` counts its sockets. */

import { type Daemon, run, say } from "../daemon.ts";

export default {
  collector: "PortStatCollector",
  packages: { nc: "netcat-openbsd", ss: "iproute2" },
  survives: "no data, as long as nobody has a socket on the port",

  async start({ port }) {
    const server = run("nc", ["-l", "-k", "127.0.0.1", String(port)]);
    const count = () => say("ss", ["-Htln", `sport = :${port}`]).trim().split("\n").length;
    return {
      version: say("ss", ["-V"]).match(/iproute2-([\d.]+)/)![1],
      options: `[[[port]]]\n[[[[web]]]]\nnumber = ${port}\n`,
      client: () => new Map([["web.listen", count()]]),
      stop: server.stop,
    };
  },
} satisfies Daemon;
