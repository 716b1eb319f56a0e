/** `list`: what there is to collect, and where it can go. */

import { systemsOf } from "../core/collector.ts";
import type { Catalogue } from "../config/settings.ts";
import type { PluginFile, Plugins } from "../ports/plugins.ts";
import { type CommandSpec, configFlag } from "./command.ts";
import { allPlugins, declared } from "./plugins.ts";
import { paint, table } from "./text.ts";
import type { World } from "./world.ts";

/** For programs. */
export async function inventory({ collectors, handlers }: Catalogue, custom: Plugins) {
  const loaded = await declared({ collectors, handlers });
  return {
    collectors: loaded.collectors.map((collector) => {
      const { name, path, doc, custom: own } = collector;
      return { name, path, doc, systems: systemsOf(collector), file: own?.file };
    }),
    handlers: loaded.handlers.map(({ name, doc, receipt }) => ({ name, doc, receipt })),
    files: custom.files,
  };
}

export function listCommand(world: World): CommandSpec {
  return {
    name: "list",
    summary: "List the collectors and handlers",
    args: { ...configFlag, json: { type: "boolean", description: "As JSON" } },
    examples: [
      "diamond-agent list",
      "diamond-agent list -c diamond.conf   with those of your own in its collectors_path",
      "diamond-agent list --json",
    ],
    async run(flags) {
      const { out } = world;
      const { catalogue, custom, source, settings } = await allPlugins(
        world,
        flags,
        [],
        undefined,
        true,
      );
      await source.loader.close();
      if (flags.on("json")) {
        out.write(`${JSON.stringify(await inventory(catalogue, custom))}\n`);
        return 0;
      }
      const { collectors, handlers } = await declared(catalogue);
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
      if (custom.files.length > 0) {
        const enabled = [...settings.collectors, ...settings.handlers].map(({ section }) =>
          section.split(" ")[0]
        );
        const state = ({ names, problem, note, keptOld }: PluginFile) =>
          [
            names.map((name) => enabled.includes(name) ? `${name} (enabled)` : name).join(", "),
            problem ?? note ?? "",
            keptOld ? "the version before it is used" : "",
          ].filter((text) => text !== "").join("; ");
        out.write(
          `\n${paint(out, "bold", "Files of your own")}\n${
            table(custom.files.map((file) => [file.path, state(file)]), "  ")
          }`,
        );
      }
      out.write("\n`diamond-agent describe NAME` tells the options and metrics of one.\n");
      return 0;
    },
  };
}
