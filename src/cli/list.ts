/** `list`: what there is to collect, and where it can go. */

import { systemsOf } from "../core/collector.ts";
import type { CommandSpec } from "./command.ts";
import { paint, table } from "./text.ts";
import type { World } from "./world.ts";

export function listCommand(world: World): CommandSpec {
  return {
    name: "list",
    summary: "Name the collectors and handlers",
    args: { json: { type: "boolean", description: "As JSON" } },
    examples: ["diamond-agent list", "diamond-agent list --json"],
    async run(flags) {
      const { catalogue, out } = world;
      const collectors = await Promise.all(
        Object.values(catalogue.collectors).map(async (load) => (await load()).default),
      );
      const handlers = await Promise.all(
        Object.values(catalogue.handlers).map(async (load) => (await load()).default),
      );
      if (flags.on("json")) {
        out.write(`${
          JSON.stringify({
            collectors: collectors.map((collector) => {
              const { name, path, doc } = collector;
              return { name, path, doc, systems: systemsOf(collector) };
            }),
            handlers: handlers.map(({ name, doc, receipt }) => ({ name, doc, receipt })),
          })
        }\n`);
        return 0;
      }
      out.write(
        `${paint(out, "bold", "Collectors")}\n${
          table(collectors.map(({ name, path, doc }) => [name, path, doc]), "  ")
        }`,
      );
      out.write(
        `\n${paint(out, "bold", "Handlers")}\n${
          table(handlers.map(({ name, doc }) => [name, doc]), "  ")
        }`,
      );
      out.write("\n`diamond-agent describe NAME` tells the options and metrics of one.\n");
      return 0;
    },
  };
}
