/** `version`: what this file was built from. */

import type { CommandSpec } from "./command.ts";
import type { World } from "./world.ts";

export function versionCommand({ buildInfo, out }: World): CommandSpec {
  return {
    name: "version",
    summary: "Show version, commit, target and runtime",
    args: { json: { type: "boolean", description: "As JSON" } },
    examples: ["diamond-agent version"],
    run(flags) {
      const { version, commit, target, runtime } = buildInfo;
      out.write(
        flags.on("json")
          ? `${JSON.stringify(buildInfo)}\n`
          : `diamond-agent ${version} (commit ${commit}, ${target}, ${runtime})\n`,
      );
      return Promise.resolve(0);
    },
  };
}
