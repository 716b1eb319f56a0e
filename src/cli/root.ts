/** The command line as a whole: which command is meant, and what becomes of its errors. */

import { runCommand as runCitty } from "citty";
import { didYouMean } from "../config/problems.ts";
import { codeOf, linesOf } from "../core/errors.ts";
import { visible } from "../core/visible.ts";
import { type Command, command } from "./command.ts";
import { normaliseFlags, UsageError } from "./flags.ts";
import { commandHelp, overview } from "./help.ts";
import { runCommand } from "./run.ts";
import { paint } from "./text.ts";
import type { World } from "./world.ts";

const FAILED = 1;
const WRONG_USAGE = 2;
/** What `mysql-schema` is now. */
const FORMERLY = ["schema", "mysql"];

/** Runs a command line; resolves with the exit status. */
export async function main(args: readonly string[], world: World): Promise<number> {
  let status = 0;
  const commands = await commandsFor(args, world, (result) => (status = result));
  try {
    await dispatch(args, commands, world);
    return status;
  } catch (error) {
    const { err } = world;
    if (error instanceof UsageError) {
      const see = `See: diamond-agent help${named(args, commands)}`;
      err.write(`diamond-agent: ${paint(err, "red", visible(error.message))}\n${see}\n`);
      return WRONG_USAGE;
    }
    for (const [at, line] of linesOf(error).entries()) {
      err.write(`${at === 0 ? "diamond-agent: " : ""}${paint(err, "red", visible(line))}\n`);
    }
    if (codeOf(error) === undefined && error instanceof Error) {
      err.write(`${visible(String(error.stack))}\n`);
    }
    return FAILED;
  }
}

/** The daemon alone, where it is meant: the others would stay in its memory for as long as it lives. */
async function commandsFor(
  args: readonly string[],
  world: World,
  setStatus: (status: number) => void,
): Promise<readonly Command[]> {
  if (args[0] === "run") return [command(runCommand(world, () => args), "Run", setStatus)];
  const { commandsOf } = await import("./commands.ts");
  return commandsOf(world, args, setStatus);
}

async function dispatch(
  args: readonly string[],
  commands: readonly Command[],
  world: World,
): Promise<void> {
  const { out } = world;
  const [first, ...rest] = args[0] === "mysql-schema" ? [...FORMERLY, ...args.slice(1)] : args;
  const find = (name: string) => commands.find((candidate) => candidate.name === name);
  if (first === "help" || first === "-h" || first === "--help") {
    const asked = rest[0] === undefined ? undefined : find(rest[0]);
    if (rest[0] !== undefined && asked === undefined) throw unknownCommand(rest[0], commands);
    const text = asked === undefined
      ? overview(commands, out)
      : commandHelp(asked, out, subcommandOf(asked, rest.slice(1)));
    out.write(text);
    return;
  }
  const chosen = first === undefined ? undefined : find(first);
  if (chosen !== undefined) {
    if (rest.includes("-h") || rest.includes("--help")) {
      out.write(commandHelp(chosen, out, subcommandOf(chosen, rest)));
    } else await execute(chosen, rest);
    return;
  }
  if (first !== undefined && !first.startsWith("-")) throw unknownCommand(first, commands);
  await likeDiamond(args, commands, world);
}

/** No command: python-diamond's own flags, which are those of `run` and `-v`, `-r NAME`, `-h`. */
async function likeDiamond(
  args: readonly string[],
  commands: readonly Command[],
  { out, buildInfo }: World,
): Promise<void> {
  const run = commands.find(({ name }) => name === "run")!;
  const flags = normaliseFlags(args, {
    ...run.args,
    run: { type: "string", alias: ["r"] },
    version: { type: "boolean", alias: ["v"] },
    help: { type: "boolean", alias: ["h"] },
    words: { type: "positional" },
  });
  if (flags.includes("--version")) return out.write(`Diamond version ${buildInfo.version}\n`);
  if (flags.includes("--help")) {
    return out.write(overview(commands, out) + "\n" + commandHelp(run, out));
  }
  const single = flags.find((flag) => flag.startsWith("--run="));
  // Diamond ignores arguments that are not flags.
  const own = flags.filter((flag) => flag.startsWith("--") && flag !== "--");
  if (single === undefined) return await execute(run, own);
  const collect = commands.find(({ name }) => name === "collect")!;
  await execute(collect, [
    ...own.filter((flag) => flag.startsWith("--configfile=")),
    "--",
    single.slice("--run=".length),
  ]);
}

function subcommandOf({ subcommands }: Command, words: readonly string[]) {
  return subcommands.find(({ name }) => words.includes(name));
}

async function execute(chosen: Command, args: readonly string[]): Promise<void> {
  await runCitty(chosen.citty, { rawArgs: normaliseFlags(args, chosen.args) });
}

function unknownCommand(name: string, commands: readonly Command[]): UsageError {
  const names = [...commands.map((candidate) => candidate.name), "help"];
  return new UsageError(`there is no command "${name}"${didYouMean(name, names)}`);
}

function named(args: readonly string[], commands: readonly Command[]): string {
  return commands.some(({ name }) => name === args[0]) ? ` ${args[0]}` : "";
}
