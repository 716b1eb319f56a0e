/** Memory of this machine's nodes, as numactl prints it. */

import { type Daemon, say } from "../daemon.ts";

export default {
  collector: "NumaCollector",
  packages: { numactl: "numactl" },
  survives: "reads the kernel's files",

  start() {
    const hardware = () => say("numactl", ["--hardware"]);
    const figures = (lines = hardware()) =>
      new Map(
        [...lines.matchAll(/^node (\d+) (size|free): (\d+) MB$/gm)].map(([, node, what, size]) =>
          [`node_${node}_${what}_MB`, Number(size)] as const
        ),
      );
    const free = [...figures().keys()].filter((name) => name.endsWith("free_MB"));
    return Promise.resolve({
      version: say("dpkg-query", ["-Wf", "${Version}", "numactl"]),
      options: "",
      client: () => figures(),
      moves: Object.fromEntries(free.map((name) => [name, 0.1])),
      stop: () => Promise.resolve(),
    });
  },
} satisfies Daemon;
