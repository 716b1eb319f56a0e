/** `completions`: what a shell needs to complete commands, flags and names. */

import type { Command, CommandSpec } from "./command.ts";
import { UsageError } from "./flags.ts";
import { databases } from "./schema.ts";
import type { World } from "./world.ts";

export const shells = ["bash", "zsh", "fish"] as const;
type Shell = typeof shells[number];

export function completionsCommand(world: World, commands: () => readonly Command[]): CommandSpec {
  return {
    name: "completions",
    summary: "Print completions for bash, zsh or fish",
    operands: "bash|zsh|fish",
    args: { words: { type: "positional", required: false, description: "bash|zsh|fish" } },
    examples: [
      'eval "$(diamond-agent completions bash)"     in ~/.bashrc',
      "diamond-agent completions fish > ~/.config/fish/completions/diamond-agent.fish",
    ],
    run(flags) {
      const [shell, ...more] = flags.words;
      if (!shells.includes(shell as Shell) || more.length > 0) {
        throw new UsageError(`For which shell? diamond-agent completions ${shells.join("|")}`);
      }
      world.out.write(completions(commands(), shell as Shell));
      return Promise.resolve(0);
    },
  };
}

interface Flag {
  readonly long: string;
  readonly short: string;
  readonly about: string;
  /** What its value is, where it has one. */
  readonly value: "" | "FILE" | "DIR" | "other";
}

/** What may stand where a command takes words. */
const words: Readonly<Record<string, "plugins" | readonly string[]>> = {
  collect: "plugins",
  describe: "plugins",
  record: "plugins",
  test: "plugins",
  new: ["collector"],
  spool: ["ls", "verify", "export", "replay", "drop"],
  service: ["install", "remove", "print"],
  schema: databases,
  completions: shells,
  help: [],
};
/** The names come from the agent itself: those of the operator's own are among them. */
const NAMES =
  `diamond-agent list 2>/dev/null | awk '/^  [A-Z][A-Za-z]*(Collector|Handler)/{print $1}'`;

export function completions(commands: readonly Command[], shell: Shell): string {
  return { bash, zsh, fish }[shell](commands);
}

export function flagsOf({ args }: Command): Flag[] {
  return Object.entries(args).filter(([, def]) => def.type !== "positional").map(([long, def]) => {
    const aliases = "alias" in def && def.alias !== undefined ? [def.alias].flat() : [];
    const hint = "valueHint" in def ? def.valueHint ?? "" : "";
    return {
      long,
      short: aliases.find((alias) => alias.length === 1) ?? "",
      about: def.description ?? "",
      value: def.type === "boolean" ? "" : hint === "FILE" || hint === "DIR" ? hint : "other",
    };
  });
}

function spelled({ long, short }: Flag): string {
  return short === "" ? `--${long}` : `-${short} --${long}`;
}

function bash(commands: readonly Command[]): string {
  const names = [...commands.map(({ name }) => name), "help"];
  const cases = commands.map((command) => {
    const flags = [...flagsOf(command).map(spelled), "--help"].join(" ");
    const more = words[command.name] ?? [];
    const list = more === "plugins" ? `$(${NAMES})` : more.join(" ");
    return `    ${command.name}) flags="${flags}" words="${list}" ;;`;
  });
  const valued = commands.flatMap(flagsOf).filter(({ value }) => value !== "");
  const spellings = (kinds: readonly string[]) =>
    [
      ...new Set(
        valued.filter(({ value }) => kinds.includes(value)).flatMap((flag) =>
          spelled(flag).split(" ")
        ),
      ),
    ].join("|");
  return `# bash completion of diamond-agent, generated: \`npm run gen\`, or diamond-agent completions bash
_diamond_agent() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} flags="" words=""
  COMPREPLY=()
  case $before in
    ${spellings(["FILE"])}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
    ${spellings(["DIR"])}) mapfile -t COMPREPLY < <(compgen -d -- "$current"); return ;;
    ${spellings(["other"])}) return ;;
  esac
  if [ "$COMP_CWORD" = 1 ]; then
    mapfile -t COMPREPLY < <(compgen -W "${names.join(" ")}" -- "$current")
    return
  fi
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
    help) words="${names.join(" ")}" ;;
  esac
  case $current in
    -*) mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current"; compgen -f -- "$current") ;;
  esac
}
complete -o filenames -F _diamond_agent diamond-agent
`;
}

function zsh(commands: readonly Command[]): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''").replace(/[[\]:]/g, "\\$&");
  const list = commands.map(({ name, summary }) => `    '${name}:${quote(summary)}'`).join("\n");
  const cases = commands.map((command) => {
    const flags = flagsOf(command).map((flag) => {
      const { long, short, about, value } = flag;
      const action = { "": "", FILE: ":file:_files", DIR: ":folder:_files -/", other: ":value: " };
      const text = `[${quote(about)}]${action[value]}`;
      return short === ""
        ? `'--${long}${text}'`
        : `'(-${short} --${long})'{-${short},--${long}}'${text}'`;
    });
    const more = words[command.name];
    const rest = more === "plugins"
      ? "'*:name:_diamond_agent_names'"
      : more === undefined || more.length === 0
      ? "'*:file:_files'"
      : `'*:word:(${more.join(" ")})'`;
    return `    ${command.name}) _arguments ${[...flags, rest].join(" ")} ;;`;
  });
  return `#compdef diamond-agent
# zsh completion of diamond-agent, generated: \`npm run gen\`, or diamond-agent completions zsh
_diamond_agent_names() {
  local -a names
  names=(\${(f)"$(${NAMES})"})
  _describe name names
  _files
}
_diamond_agent() {
  local -a commands
  commands=(
${list}
    'help:This, or the flags and examples of one command'
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${cases.join("\n")}
    help) _describe command commands ;;
  esac
}
# Sourced, or loaded from a folder of functions.
if [ "$funcstack[1]" = _diamond_agent ]; then _diamond_agent "$@"; else compdef _diamond_agent diamond-agent; fi
`;
}

function fish(commands: readonly Command[]): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => {
    const { name, summary } = command;
    const here = `-n "__fish_seen_subcommand_from ${name}"`;
    const more = words[name];
    const list = more === "plugins" ? NAMES.replaceAll("$1", "\\$1") : (more ?? []).join(" ");
    const rest = more === "plugins"
      ? `complete -c diamond-agent ${here} -a "(${list})"`
      : list === ""
      ? undefined
      : `complete -c diamond-agent ${here} -a ${quote(list)}`;
    return [
      `complete -c diamond-agent -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
      ...flagsOf(command).map(({ long, short, about, value }) =>
        `complete -c diamond-agent ${here}${short === "" ? "" : ` -s ${short}`} -l ${long}${
          value === "" ? "" : value === "other" ? " -x" : " -r"
        } -d ${quote(about)}`
      ),
      ...(rest === undefined ? [] : [rest]),
    ];
  });
  return `# fish completion of diamond-agent, generated: \`npm run gen\`, or diamond-agent completions fish
${lines.join("\n")}
`;
}
