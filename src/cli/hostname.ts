/** `hostname`: what each method calls this host, and which one is in force. */

import { hostnameBy } from "../agent/hostname.ts";
import { HOSTNAME_METHODS } from "../core/collector.ts";
import { messageOf } from "../core/errors.ts";
import { collectorSettings, type CommandSpec, configFlag, type Flags } from "./command.ts";
import { paint, table } from "./text.ts";
import type { World } from "./world.ts";

/** A collector without options of its own: it has what `[[default]]` says. */
const SAMPLE = "ExampleCollector";

export function hostnameCommand(world: World): CommandSpec {
  return {
    name: "hostname",
    summary: "Show what each hostname_method gives on this host",
    args: { ...configFlag, json: { type: "boolean", description: "As JSON" } },
    examples: ["diamond-agent hostname", "diamond-agent hostname -c /etc/diamond/diamond.conf"],
    async run(flags) {
      const { out } = world;
      const { hostname, method, isFixed } = await configured(world, flags);
      const host = world.host({});
      const rows = await Promise.all(HOSTNAME_METHODS.map(async (candidate) => {
        const name = await hostnameBy(candidate, host, isFixed ? "" : hostname).catch((error) =>
          `(${messageOf(error)})`
        );
        return [
          candidate === method && !isFixed ? "*" : " ",
          candidate,
          name ?? "(no host in paths)",
        ];
      }));
      if (flags.on("json")) {
        const names = Object.fromEntries(rows.map(([, name, text]) => [name, text]));
        const inForce = isFixed ? { hostname } : { hostname_method: method };
        out.write(`${JSON.stringify({ ...inForce, methods: names })}\n`);
        return 0;
      }
      out.write(table(rows));
      const inForce = isFixed
        ? `In force: hostname = ${hostname}`
        : `In force (*): hostname_method = ${method}`;
      out.write(`${paint(out, "dim", inForce)}\n`);
      return 0;
    },
  };
}

/** `isFixed`: the configuration names the host itself, and no method is asked. */
async function configured(world: World, flags: Flags) {
  const { collectors: [{ options, origins }] } = await collectorSettings(world, flags, [SAMPLE]);
  const { hostname, hostname_method: method } = options;
  return { hostname, method, isFixed: origins.has("hostname") && method !== "shell" };
}
