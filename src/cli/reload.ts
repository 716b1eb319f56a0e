/** `reload`: the running agent takes over what has changed in its configuration and in the operator's own files. */

import { linesOf } from "../core/errors.ts";
import type { CommandSpec } from "./command.ts";
import { agentSocket, socketFlags } from "./status.ts";
import type { World } from "./world.ts";

export function reloadCommand(world: World): CommandSpec {
  return {
    name: "reload",
    summary: "Reload the configuration of the running agent, and print what changed",
    args: { ...socketFlags, json: { type: "boolean", description: "As JSON" } },
    examples: ["diamond-agent reload", "diamond-agent reload -c diamond.conf"],
    notes:
      "What has not changed keeps its counters and connections. A configuration with an error is refused as a whole. Exit status 1: nothing was taken over, or no agent answers.",
    async run(flags) {
      const path = await agentSocket(world, flags);
      const isJson = flags.on("json");
      try {
        const changes = await world.daemon.ask(path, { ask: "reload" }) as string[];
        world.out.write(
          isJson
            ? `${JSON.stringify({ changes })}\n`
            : `${changes.join("\n") || "Nothing has changed"}\n`,
        );
        return 0;
      } catch (error) {
        const lines = linesOf(error);
        if (isJson) world.out.write(`${JSON.stringify({ errors: lines })}\n`);
        const first = lines.length === 1 ? lines[0] : `${lines.length} errors in the configuration`;
        const text = [first, ...lines.length === 1 ? [] : lines].join("\n");
        world.err.write(`diamond-agent: The agent goes on as it was: ${text}\n`);
        return 1;
      }
    },
  };
}
