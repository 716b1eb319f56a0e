/** memcached with items of two sizes. */

import { answers, type Daemon, figuresIn, run, say } from "../daemon.ts";

export default {
  collector: "MemcachedSlabCollector",
  packages: { memcached: "memcached", nc: "netcat-openbsd" },

  async start({ port }) {
    const server = run("memcached", ["-l", "127.0.0.1", "-p", String(port), "-u", "nobody"]);
    const ask = (question: string) => say("nc", ["-N", "127.0.0.1", String(port)], question);
    await answers("nc", ["-z", "127.0.0.1", String(port)]);
    ask(`set a 0 0 1\r\nx\r\nset b 0 0 900\r\n${"y".repeat(900)}\r\nget a\r\nquit\r\n`);
    return {
      version: say("memcached", ["--version"]).match(/\d[\d.]+/)![0],
      options: `host = 127.0.0.1\nport = ${port}\n`,
      client() {
        const stats = figuresIn(ask("stats slabs\r\nquit\r\n"), /^STAT (\S+) (\S+)\r$/gm);
        return new Map(
          [...stats].map((
            [name, value],
          ) => [name.includes(":") ? `slabs.${name.replace(":", ".")}` : name, value]),
        );
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
