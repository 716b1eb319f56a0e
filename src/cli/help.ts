/** Help: what a command does, its flags, and examples that can be pasted. */

import type { ArgsDef } from "citty";
import type { Command, Group, Subcommand } from "./command.ts";
import { paint, table, wrapped } from "./text.ts";
import type { Terminal } from "./world.ts";

const GROUPS: Readonly<Record<Group, string>> = {
  Run: "Run the agent",
  Inspect: "Inspect a host, a configuration, a collector",
  Extend: "Extend it with plugins",
  Install: "Install it",
};

export function overview(commands: readonly Command[], out: Terminal): string {
  const groups = (Object.keys(GROUPS) as Group[]).map((group) => {
    const rows = commands.filter((one) => one.group === group).map((
      { name, summary },
    ) => [name, summary]);
    return `${paint(out, "bold", `${GROUPS[group]}:`)}\n${table(rows, "  ", out.columns)}\n`;
  });
  return [
    paragraph("A host metrics agent for Graphite and compatible backends.", out),
    `\n${paint(out, "bold", "Usage:")} diamond-agent COMMAND [flags]\n`,
    "       diamond-agent help COMMAND\n\n",
    ...groups,
    paragraph(
      "Without a command it is python-diamond's daemon, with the same flags as run: diamond-agent -l -f -c FILE",
      out,
    ),
    `\n${paint(out, "bold", "Begin here:")}\n`,
    "  diamond-agent collect LoadAverageCollector     print one collector's metrics, no file needed\n",
    "  diamond-agent check -c diamond.conf            what is wrong with a configuration\n",
    "  diamond-agent run -f -l -c diamond.conf        run it in this terminal\n",
  ].join("");
}

/** Of a command, or of one of its subcommands. */
export function commandHelp(command: Command, out: Terminal, subcommand?: Subcommand): string {
  const { name, summary, operands, subcommands, args, examples, notes } = command;
  const words = subcommand === undefined ? [name] : [name, subcommand.name];
  const after = subcommand === undefined ? operands : subcommand.operands ?? "";
  const usage = ["diamond-agent", ...words, "[flags]", after];
  const isAbout = (example: string) =>
    subcommand === undefined || example.includes(` ${words.join(" ")}`);
  const parts = subcommand === undefined && subcommands.length > 0
    ? [
      `\n${paint(out, "bold", "Subcommands:")}\n`,
      table(
        subcommands.map((one) => [`${one.name} ${one.operands ?? ""}`.trim(), one.summary]),
        "  ",
        out.columns,
      ),
    ]
    : [];
  return [
    paragraph((subcommand ?? command).summary ?? summary, out),
    `\n${paint(out, "bold", "Usage:")} ${usage.filter((word) => word !== "").join(" ")}\n`,
    ...parts,
    `\n${paint(out, "bold", "Flags:")}\n`,
    table([...flagRows(args), ["  -h, --help", "This text"]], "  ", out.columns),
    notes === undefined ? "" : `\n${paragraph(notes, out)}`,
    `\n${paint(out, "bold", "Examples:")}\n`,
    ...examples.filter(isAbout).map((example) => `  ${example}\n`),
  ].join("");
}

function paragraph(text: string, out: Terminal): string {
  return text.split("\n").flatMap((line) => wrapped(line, out.columns)).map((line) => `${line}\n`)
    .join("");
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
