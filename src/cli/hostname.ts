/** `hostname`: what each method calls this host, and which one is in force. */

import { createHostnameResolver, hostnameBy } from "../agent/hostname.ts";
import { resolveSettings } from "../config/resolve.ts";
import { commonOptions, HOSTNAME_METHODS, type HostnameMethod } from "../core/collector.ts";
import { messageOf } from "../core/errors.ts";
import { type CommandSpec, configFlag, configPath } from "./command.ts";
import { paint, table } from "./text.ts";
import type { World } from "./world.ts";

/** The collector whose options stand for those of all: it has none of its own. */
const SAMPLE = "ExampleCollector";

export function hostnameCommand(world: World): CommandSpec {
  return {
    name: "hostname",
    summary: "Tell what each hostname_method gives on this host",
    args: configFlag,
    examples: ["diamond-agent hostname", "diamond-agent hostname -c /etc/diamond/diamond.conf"],
    async run(flags) {
      const { out, files, catalogue } = world;
      const host = world.host({});
      let inForce: HostnameMethod = "smart";
      let command = "";
      let result: string | null | undefined;
      if (flags.text("configfile") !== undefined) {
        const settings = await resolveSettings({
          path: configPath(world, flags),
          files,
          catalogue,
          only: [SAMPLE],
        });
        const sample = settings.collectors[0];
        inForce = (sample?.options.hostname_method ??
          commonOptions.hostname_method.fallback) as HostnameMethod;
        command = sample?.options.hostname ?? "";
        if (sample?.origins.has("hostname") && inForce !== "shell") result = command;
        else if (sample !== undefined) {
          result = await createHostnameResolver(host).resolve(sample.options, false);
        }
      }
      const rows: string[][] = [];
      for (const method of HOSTNAME_METHODS) {
        const name = await hostnameBy(method, host, method === "shell" ? command : "").catch((
          error,
        ) => `(${messageOf(error)})`);
        const mark = method === inForce &&
          (result === undefined || method === "shell" || result === name);
        rows.push([mark ? "*" : " ", method, name ?? "(no host in paths)"]);
      }
      out.write(table(rows));
      const fixedName = command !== "" && inForce !== "shell";
      out.write(
        paint(
          out,
          "dim",
          fixedName
            ? `In force: hostname = ${command}\n`
            : `In force (*): hostname_method = ${inForce}\n`,
        ),
      );
      return 0;
    },
  };
}
