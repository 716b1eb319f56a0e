/** `version`: what this file was built from. */

import type { CommandSpec } from "./command.ts";
import type { World } from "./world.ts";

export function versionCommand({ buildInfo, out }: World): CommandSpec {
  return {
    name: "version",
    summary: "Show version, commit, target and runtime",
    args: {
      json: { type: "boolean", description: "As JSON" },
      licenses: {
        type: "boolean",
        description: "Print the licences of the packages in it instead",
      },
    },
    examples: ["diamond-agent version", "diamond-agent version --licenses | less"],
    async run(flags) {
      if (flags.on("licenses")) {
        const { licenses } = await import("./licenses.ts");
        out.write(licenses);
        return 0;
      }
      const { version, commit, target, runtime } = buildInfo;
      out.write(
        flags.on("json")
          ? `${JSON.stringify(buildInfo)}\n`
          : `diamond-agent ${version} (commit ${commit}, ${target}, ${runtime})\n`,
      );
      return 0;
    },
  };
}
