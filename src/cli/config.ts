/** `config`: every option with its default, as a configuration to begin with. */

import { mainSample, printed, sampleSection } from "../config/sample.ts";
import type { CommandSpec } from "./command.ts";
import { declared, findCollector, findHandler, unknownPlugin } from "./plugins.ts";
import type { World } from "./world.ts";

export function configCommand(world: World): CommandSpec {
  return {
    name: "config",
    summary: "Print a configuration with every option, or the sections of collectors and handlers",
    operands: "[NAME…]",
    args: {
      names: { type: "positional", required: false, description: "Collectors and handlers" },
      collector: {
        type: "string",
        valueHint: "NAME",
        description: "Only this collector's section",
      },
    },
    examples: [
      "diamond-agent config > diamond.conf            every option there is, commented out",
      "diamond-agent config NginxCollector            one section",
      "diamond-agent config GraphiteHandler",
    ],
    notes: "`diamond-agent init-config` prints a short configuration for this host.",
    async run(flags) {
      const { out, catalogue } = world;
      const one = flags.text("collector");
      const names = [...flags.words, ...(one === undefined ? [] : [one])];
      if (names.length === 0) {
        const { collectors, handlers } = await declared(catalogue);
        out.write(mainSample(collectors, handlers, printed));
        return 0;
      }
      const sections = await Promise.all(names.map(async (name) => {
        const collector = await findCollector(catalogue, name);
        if (collector !== undefined) return (await catalogue.collectors[collector]()).default;
        const handler = findHandler(catalogue, name);
        if (handler !== undefined) return (await catalogue.handlers[handler]()).default;
        throw unknownPlugin("collector or handler", name, [
          ...Object.keys(catalogue.collectors),
          ...Object.keys(catalogue.handlers),
        ]);
      }));
      out.write(sections.map((plugin) => sampleSection(plugin)).join("").trimEnd() + "\n");
      return 0;
    },
  };
}
