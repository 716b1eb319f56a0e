/** `service`: installs the agent as a service, under any supported service manager. */

import { configError } from "../../core/errors.ts";
import { oneLine } from "../../core/visible.ts";
import { type CommandSpec, configFlag, configPath, type Flags } from "../command.ts";
import { UsageError } from "../flags.ts";
import { type Manager, type ServiceFile, serviceFiles } from "./service_files.ts";
import type { World } from "../world.ts";

const managers = Object.keys(serviceFiles) as Manager[];
/** For one command of the service manager. */
const COMMAND_MS = 60_000;

export function serviceCommand(world: World): CommandSpec {
  return {
    name: "service",
    summary: "Install the agent as a service: systemd, OpenRC, SysV, launchd, Windows",
    operands: "install|remove|print",
    subcommands: [
      { name: "install", summary: "Write the service file, enable the service, start it" },
      { name: "remove", summary: "Stop the service and remove its file" },
      { name: "print", summary: "Print the service file" },
    ],
    args: {
      words: { type: "positional", required: false, description: "install|remove|print" },
      type: {
        type: "string",
        valueHint: "NAME",
        description: `One of ${managers.join(", ")} (default: this machine's)`,
      },
      root: {
        type: "string",
        valueHint: "DIR",
        description: "Write below this folder, and start nothing: for images",
      },
      ...configFlag,
    },
    examples: [
      "diamond-agent service print                       what it would write",
      "diamond-agent service install -c /etc/diamond/diamond.conf",
      "diamond-agent service remove",
    ],
    notes: "Prints each file and command. Exit status 1: one of them failed.",
    async run(flags) {
      const [what, ...more] = flags.words;
      if (!["install", "remove", "print"].includes(what) || more.length > 0) {
        throw new UsageError("Do what? diamond-agent service install, remove or print");
      }
      const manager = managerOf(world, flags);
      const file = serviceFiles[manager];
      const paths = {
        program: world.command().join(" "),
        config: world.files.absolute(configPath(world, flags)),
      };
      for (const path of [...world.command(), paths.config]) checkPath(path, manager);
      const text = file.text(paths);
      if (what === "install") return await install(world, flags, file, text);
      if (what === "remove") return await remove(world, flags, file);
      world.out.write(text);
      return 0;
    },
  };
}

function managerOf({ files, host }: World, flags: Flags): Manager {
  const asked = flags.text("type");
  if (asked !== undefined) {
    if (!managers.includes(asked as Manager)) {
      throw new UsageError(`--type is one of ${managers.join(", ")}, not "${asked}"`);
    }
    return asked as Manager;
  }
  const { system } = host({});
  if (system === "darwin") return "launchd";
  if (system === "windows") return "windows";
  const isThere = (path: string) => files.access(path) !== undefined;
  if (isThere("/run/systemd/system")) return "systemd";
  if (isThere("/sbin/openrc-run")) return "openrc";
  if (isThere("/etc/init.d")) return "sysv";
  throw configError(
    "this machine has no service manager that is known here: name one with --type, or have what starts the machine run `diamond-agent run -f`",
  );
}

async function install(
  world: World,
  flags: Flags,
  file: ServiceFile,
  text: string,
): Promise<number> {
  const path = placeOf(world, flags, file);
  world.writeFile(path, text, file.mode);
  world.out.write(`wrote ${path}\n`);
  return flags.text("root") === undefined && !(await runAll(world, file.install)) ? 1 : 0;
}

async function remove(world: World, flags: Flags, file: ServiceFile): Promise<number> {
  const path = placeOf(world, flags, file);
  if (world.files.access(path) === undefined) {
    world.out.write(`${path} is not there\n`);
    return 0;
  }
  const isReal = flags.text("root") === undefined;
  if (isReal) await runAll(world, file.remove);
  world.removeFile(path);
  world.out.write(`removed ${path}\n`);
  return isReal && !(await runAll(world, file.removed)) ? 1 : 0;
}

function placeOf({ files }: World, flags: Flags, { path }: ServiceFile): string {
  const root = flags.text("root");
  return root === undefined
    ? path
    : files.absolute(root) + path.replace(/^\w:/, "").replaceAll("\\", "/");
}

/** Until one fails. */
async function runAll(
  { host, out, err }: World,
  commands: readonly (readonly string[])[],
): Promise<boolean> {
  const { exec } = host({});
  for (const command of commands) {
    out.write(`$ ${command.join(" ")}\n`);
    const signal = AbortSignal.timeout(COMMAND_MS);
    const { stdout, stderr, code } = await exec.run(command, { signal });
    err.write(stdout + stderr);
    if (code !== 0) {
      err.write(`${command[0]} failed with ${code ?? "a signal"}\n`);
      return false;
    }
  }
  return true;
}

/** Scripts and units read some characters as something else than a part of a path. */
function checkPath(path: string, manager: Manager): void {
  // deno-lint-ignore no-control-regex
  const special = manager === "windows" ? /[\x00-\x1f"]/ : /[\x00-\x20\x7f"'`$%\\;&|<>()*?!#]/;
  if (!special.test(path)) return;
  throw configError(
    `cannot name "${
      oneLine(path)
    }" in a service file: give a path without blanks, quotes and characters that a shell or a unit reads`,
  );
}
