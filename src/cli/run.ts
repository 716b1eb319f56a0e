/** `run`: starts the daemon, here or in the background. */

import { parsePage } from "../config/page.ts";
import { configErrors, linesOf, messageOf } from "../core/errors.ts";
import type { DaemonOptions } from "../daemon/contract.ts";
import { serve } from "../daemon/serve.ts";
import {
  type CommandSpec,
  configFlag,
  configPath,
  DEFAULT_CONFIG,
  flagRoots,
  type Flags,
  pidFileOf,
  rootFlags,
  rootsOf,
  socketPath,
  spoolPath,
  statePath,
} from "./command.ts";
import { UsageError } from "./flags.ts";
import type { World } from "./world.ts";

export function runCommand(world: World, args: () => readonly string[]): CommandSpec {
  return {
    name: "run",
    summary: "Run the agent: collect metrics and ship them",
    args: {
      ...configFlag,
      foreground: {
        type: "boolean",
        alias: ["f"],
        description: "Stay in this terminal; write no pid file",
      },
      "log-stdout": { type: "boolean", alias: ["l"], description: "Log to stdout too" },
      pidfile: {
        type: "string",
        alias: ["p"],
        valueHint: "FILE",
        description: "Instead of [server] pid_file",
      },
      user: {
        type: "string",
        alias: ["u"],
        valueHint: "NAME",
        description: "Instead of [server] user",
      },
      group: {
        type: "string",
        alias: ["g"],
        valueHint: "NAME",
        description: "Instead of [server] group",
      },
      "skip-pidfile": {
        type: "boolean",
        description: "Neither check nor write a pid file; keep the user",
      },
      "skip-change-user": { type: "boolean", description: "Keep the user" },
      debug: {
        type: "boolean",
        description: "Log everything, and check the ledgers after each tick",
      },
      "with-stdin": {
        type: "boolean",
        description: "Stop when stdin ends, as it does with the program at its other end",
      },
      "skip-fork": {
        type: "boolean",
        description: "Stay in this terminal, but write the pid file",
      },
      page: {
        type: "string",
        valueHint: "[ADDRESS]",
        description: "Serve the page, at 127.0.0.1:9125 or this address, instead of [server] page",
      },
      ...rootFlags,
    },
    examples: [
      "diamond-agent run -f -l -c diamond.conf          in this terminal",
      "diamond-agent run -c /etc/diamond/diamond.conf   in the background, as an init script wants it",
      "kill -HUP $(cat /var/run/diamond.pid)            read the configuration again",
    ],
    notes:
      `Without -c the configuration is ${DEFAULT_CONFIG}. Exit status 0: stopped by a signal; 1: could not start; 2: wrong usage.`,
    run: (flags) => run(world, flags, args()),
  };
}

async function run(world: World, flags: Flags, args: readonly string[]): Promise<number> {
  const { daemon } = world;
  const attached = flags.on("foreground") || flags.on("skip-fork");
  if (!attached && !daemon.isChild) {
    const { error, messages, pid, log } = await daemon.start(args);
    for (const message of messages) world.err.write(`${message}\n`);
    if (error !== "") throw configErrors(error.split("\n"));
    world.out.write(
      `diamond-agent runs in the background as process ${pid}\n` +
        `log: ${log.join(", ") || "none"}\n` +
        `how it is: diamond-agent status${asGiven(flags)}\n`,
    );
    return 0;
  }
  if (flags.on("with-stdin")) daemon.stopWithStdin();
  try {
    await serve(world, optionsOf(world, flags));
    return 0;
  } catch (error) {
    await daemon.report(linesOf(error).join("\n"));
    throw error;
  }
}

/** The flag that leads another command to the same configuration. */
function asGiven(flags: Flags): string {
  const given = flags.text("configfile");
  return given === undefined ? "" : ` -c ${given}`;
}

/** Without an address it is the usual one. */
function pageOf(flags: Flags): string | undefined {
  const given = flags.text("page");
  if (given === undefined) return undefined;
  try {
    return parsePage(given === "" ? "on" : given);
  } catch (error) {
    throw new UsageError(`--page: ${messageOf(error)}`);
  }
}

function optionsOf(world: World, flags: Flags): DaemonOptions {
  const isForeground = flags.on("foreground");
  const hasNoPidFile = flags.on("skip-pidfile");
  return {
    path: configPath(world, flags),
    user: flags.text("user"),
    group: flags.text("group"),
    keepsUser: hasNoPidFile || flags.on("skip-change-user"),
    pidFile: hasNoPidFile ? "none" : isForeground ? "check" : "write",
    isAttached: isForeground || flags.on("skip-fork"),
    logsToStdout: flags.on("log-stdout"),
    debug: flags.on("debug"),
    page: pageOf(flags),
    roots: (server) => server === undefined ? flagRoots(flags) : rootsOf(flags, server),
    places: {
      pidFile: (settings) => pidFileOf(world, flags, settings),
      socket: (settings) => socketPath(world, flags, settings),
      state: (settings) => statePath(world, settings),
      spool: (settings) => spoolPath(world, settings),
    },
  };
}
