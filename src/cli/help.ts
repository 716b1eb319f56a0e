/** Help: what a command does, its flags, and examples that can be pasted. */

import type { ArgsDef } from "citty";
import type { Command } from "./command.ts";
import { paint, table } from "./text.ts";
import type { Terminal } from "./world.ts";

export function overview(commands: readonly Command[], out: Terminal): string {
  return [
    "Collects this host's metrics and ships them to Graphite and its kin.\n\n",
    `${paint(out, "bold", "Usage:")} diamond-agent [command] [flags]\n\n`,
    `${paint(out, "bold", "Commands:")}\n`,
    table([...commands.map(({ name, summary }) => [name, summary]), [
      "help [command]",
      "This, or the flags and examples of one command",
    ]], "  "),
    "\nWithout a command it is python-diamond's daemon, with the same flags as run: diamond-agent -l -f -c FILE\n\n",
    `${paint(out, "bold", "Begin here:")}\n`,
    "  diamond-agent collect LoadAverageCollector     print one collector's metrics, no file needed\n",
    "  diamond-agent check -c diamond.conf            what is wrong with a configuration\n",
    "  diamond-agent run -f -l -c diamond.conf        run it in this terminal\n",
  ].join("");
}

export function commandHelp(command: Command, out: Terminal): string {
  const words = Object.entries(command.args).filter(([, def]) => def.type === "positional").map((
    [name],
  ) => ` [${name.toUpperCase()}…]`);
  const notes = command.notes === undefined ? "" : `\n${command.notes}\n`;
  return [
    `${command.summary}\n\n`,
    `${paint(out, "bold", "Usage:")} diamond-agent ${command.name} [flags]${words.join("")}\n\n`,
    `${paint(out, "bold", "Flags:")}\n`,
    table([...flagRows(command.args), ["  -h, --help", "This text"]], "  "),
    notes,
    `\n${paint(out, "bold", "Examples:")}\n`,
    ...command.examples.map((example) => `  ${example}\n`),
  ].join("");
}

function flagRows(args: ArgsDef): string[][] {
  return Object.entries(args).filter(([, def]) => def.type !== "positional").map(([name, def]) => {
    const aliases = "alias" in def && def.alias !== undefined ? [def.alias].flat() : [];
    const short = aliases.find((alias) => alias.length === 1);
    const value = "valueHint" in def && def.valueHint ? ` ${def.valueHint}` : "";
    return [
      `  ${short === undefined ? "   " : `-${short},`} --${name}${value}`,
      def.description ?? "",
    ];
  });
}
