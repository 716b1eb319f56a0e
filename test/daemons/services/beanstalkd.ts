/** beanstalkd with two tubes and a job. */

import { answers, type Daemon, figuresIn, prefixed, run, say } from "../daemon.ts";

export default {
  collector: "BeanstalkdCollector",
  packages: { beanstalkd: "beanstalkd", nc: "netcat-openbsd" },
  fast: true,

  async start({ port }) {
    const server = run("beanstalkd", ["-l", "127.0.0.1", "-p", String(port)]);
    const ask = (...lines: string[]) =>
      say("nc", ["-N", "127.0.0.1", String(port)], [...lines, "quit", ""].join("\r\n"));
    await answers("nc", ["-z", "127.0.0.1", String(port)]);
    ask("use mail.out", "put 10 0 60 5", "hello", "put 10 60 60 5", "later");
    const stats = (question: string) => {
      const found = figuresIn(ask(question), /^([\w-]+): ([\d.]+)\r?$/gm);
      found.delete("id");
      return found;
    };
    return {
      version: say("beanstalkd", ["-v"]).trim().split(" ").at(-1)!,
      options: `host = 127.0.0.1\nport = ${port}\n`,
      client: () =>
        new Map([
          ...stats("stats"),
          ...prefixed("tubes.default.", stats("stats-tube default")),
          ...prefixed("tubes.mail.out.", stats("stats-tube mail.out")),
        ]),
      gone: { draining: "a text in 1.12", os: "a text", platform: "a text" },
      stop: server.stop,
    };
  },
} satisfies Daemon;
