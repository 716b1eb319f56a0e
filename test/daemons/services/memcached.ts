/** memcached that has been asked a little. */

import { answers, type Daemon, figuresIn, prefixed, run, say } from "../daemon.ts";

const LEFT_OUT = "libevent pointer_size time version replication accepting_conns pid".split(" ");

export default {
  collector: "MemcachedCollector",
  packages: { memcached: "memcached", nc: "netcat-openbsd" },
  fast: true,

  async start({ port }) {
    const server = run("memcached", ["-u", "nobody", "-l", "127.0.0.1", "-p", String(port)]);
    const ask = (question: string) => say("nc", ["-N", "127.0.0.1", String(port)], question);
    await answers("nc", ["-z", "127.0.0.1", String(port)]);
    ask("set a 0 0 1\r\nx\r\nget a\r\nget b\r\nquit\r\n");
    return {
      version: say("memcached", ["--version"]).match(/\d[\d.]+/)![0],
      options: `hosts = it@127.0.0.1:${port},\n`,
      client() {
        const stats = figuresIn(ask("stats\r\nquit\r\n"), /^STAT (\S+) (\S+)\r$/gm);
        for (const name of LEFT_OUT) stats.delete(name);
        return prefixed("it.", stats);
      },
      stop: server.stop,
    };
  },
} satisfies Daemon;
