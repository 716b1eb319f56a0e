/** Source: the kernel's files of each node, which numactl(8) reads too */

import { type Context, defineCollector, gauge } from "../../core/collector.ts";
import { text } from "../../core/option.ts";
import type { HostFs } from "../../ports/fs.ts";
import { run } from "../../protocols/command.ts";

const NODES = "/sys/devices/system/node";
const KIB_PER_MIB = 1024;

const options = {
  bin: text("numactl", "The program numactl, which is run where the kernel has no files of nodes"),
};
const metrics = {
  "node_{node}_size_MB": gauge("Memory of a node, in MiB", 0, "MiB"),
  "node_{node}_free_MB": gauge("Memory of a node that is free, in MiB", 0, "MiB"),
};
type Numa = Context<typeof options, typeof metrics>;
type What = "size" | "free";

export default defineCollector({
  name: "NumaCollector",
  doc: "Memory of NUMA nodes",
  path: "numa",
  sources: [`${NODES}/node*/meminfo`, "numactl --hardware"],
  options,
  metrics,

  async collect(context) {
    const { host, options, emit, signal } = context;
    const put = (node: string, what: What, mebibytes: number) =>
      emit(`node_{node}_${what}_MB`, mebibytes, node);
    if (nodesIn(host.fs).length > 0) return readNodes(context, put);
    const noSudo = { use_sudo: false, sudo_cmd: "" };
    const output = await run(host, { ...options, ...noSudo }, ["--hardware"], signal);
    for (const [, node, what, size] of output.matchAll(/^node (\d+) (size|free): (\d+) MB$/gm)) {
      put(node, what as What, Number(size));
    }
  },
});

function nodesIn(fs: HostFs): string[] {
  const names = fs.exists(NODES) ? fs.list(NODES) : [];
  return names.filter((name) => /^node\d+$/.test(name)).sort();
}

/** `Node 0 MemFree: 350208 kB` */
function readNodes(
  { host: { fs }, skipLine }: Numa,
  put: (node: string, what: What, mebibytes: number) => void,
): void {
  for (const name of nodesIn(fs)) {
    const node = name.slice("node".length);
    const lines = fs.tryRead(`${NODES}/${name}/meminfo`);
    while (lines?.nextLine()) {
      const field = lines.skip(2).word();
      if (field !== "MemTotal:" && field !== "MemFree:") continue;
      const size = lines.tryCounter();
      if (size === undefined || lines.word() !== "kB") skipLine(lines);
      else {put(
          node,
          field === "MemFree:" ? "free" : "size",
          Math.floor(Number(size) / KIB_PER_MIB),
        );}
    }
  }
}
