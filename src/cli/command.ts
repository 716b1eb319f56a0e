/** What a command is: citty's definition, with examples for its help. */

import { type ArgsDef, type CommandDef, defineCommand } from "citty";
import { emptySettings, resolveSettings } from "../config/resolve.ts";
import type { PluginSource, Settings } from "../config/settings.ts";
import { fnv1a } from "../core/hash.ts";
import { configError } from "../core/errors.ts";
import type { RootOptions } from "../daemon/contract.ts";
import type { World } from "./world.ts";

/** What a command is for, as the help groups them. */
export type Group = "Run" | "Inspect" | "Extend" | "Install";

/** A word after the command's own, with help of its own. */
export interface Subcommand {
  readonly name: string;
  readonly summary: string;
  readonly operands?: string;
}

export interface Command {
  readonly name: string;
  readonly group: Group;
  readonly summary: string;
  /** What comes after the flags in the usage line. */
  readonly operands: string;
  readonly subcommands: readonly Subcommand[];
  readonly args: ArgsDef;
  readonly examples: readonly string[];
  /** Behind the flags in the help. */
  readonly notes?: string;
  readonly citty: CommandDef;
}

/** Flags as citty parsed them. */
export interface Flags {
  text(name: string): string | undefined;
  on(name: string): boolean;
  /** The arguments that are not flags. */
  readonly words: readonly string[];
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  readonly operands?: string;
  readonly subcommands?: readonly Subcommand[];
  readonly args: ArgsDef;
  readonly examples: readonly string[];
  readonly notes?: string;
  /** Returns the exit status. */
  run(flags: Flags): Promise<number>;
}

/** Creates a command. `setStatus` receives the exit status, because citty discards the result of `run`. */
export function command(
  spec: CommandSpec,
  group: Group,
  setStatus: (status: number) => void,
): Command {
  const { name, summary, operands = "", subcommands = [], args, examples, notes, run } = spec;
  const citty = defineCommand({
    meta: { name, description: summary },
    args,
    async run({ args: parsed }) {
      const values = parsed as Record<string, unknown> & { _: string[] };
      setStatus(
        await run({
          text: (flag) => (typeof values[flag] === "string" ? values[flag] as string : undefined),
          on: (flag) => values[flag] === true,
          words: values._.filter((word) => word !== "--"),
        }),
      );
    },
  });
  return { name, group, summary, operands, subcommands, args, examples, notes, citty };
}

/** `-c FILE`, for the commands that read a configuration. */
export const configFlag = {
  configfile: { type: "string", alias: ["c"], valueHint: "FILE", description: "The configuration" },
} as const satisfies ArgsDef;

/** Where a container sees its host. */
export const rootFlags = {
  procfs: { type: "string", valueHint: "DIR", description: "Read this instead of /proc" },
  sysfs: { type: "string", valueHint: "DIR", description: "Read this instead of /sys" },
  rootfs: {
    type: "string",
    valueHint: "DIR",
    description: "Read files and mounts below this instead of /",
  },
} as const satisfies ArgsDef;

/** The flags first, then what `[server]` says. */
export function rootsOf(flags: Flags, server: Required<RootOptions>): RootOptions {
  const choose = (name: keyof RootOptions) => flags.text(name) || server[name];
  return { procfs: choose("procfs"), sysfs: choose("sysfs"), rootfs: choose("rootfs") };
}

/** What the flags say alone. */
export function flagRoots(flags: Flags): RootOptions {
  return rootsOf(flags, { procfs: "", sysfs: "", rootfs: "" });
}

/** What an operator writes to do without. */
export function isOff(path: string): boolean {
  return path.toLowerCase() === "off";
}

export function pidFileOf({ files }: World, flags: Flags, { server }: Settings): string {
  return files.absolute(flags.text("pidfile") ?? server.pid_file);
}

/**
 * Where the agent of a configuration answers; undefined where it does not. It is beside the pid file,
 * in a folder of the agent's own where there is one.
 */
export function socketPath(world: World, flags: Flags, settings: Settings): string | undefined {
  const { files } = world;
  const { socket } = settings.server;
  if (isOff(socket)) return undefined;
  if (socket !== "") return files.absolute(socket);
  const base = pidFileOf(world, flags, settings).replace(/\.pid$/, "");
  return files.access(base)?.directory === true ? `${base}/agent.sock` : `${base}.sock`;
}

const STATE_FOLDER = "/var/lib/diamond";

/** What is kept between two starts; undefined where nothing is to be. No two configurations share it by chance. */
export function statePath({ files }: World, { file, server }: Settings): string | undefined {
  if (isOff(server.state_path)) return undefined;
  if (server.state_path !== "") return files.absolute(server.state_path);
  return file === DEFAULT_CONFIG ? STATE_FOLDER : `${STATE_FOLDER}/${fnv1a(file).toString(16)}`;
}

/** Undefined where nothing is to be spooled. */
export function spoolPath(world: World, settings: Settings): string | undefined {
  const { spool_path: path } = settings.server;
  if (isOff(path)) return undefined;
  if (path !== "") return world.files.absolute(path);
  const state = statePath(world, settings);
  return state === undefined ? undefined : `${state}/spool`;
}

export const DEFAULT_CONFIG = "/etc/diamond/diamond.conf";

/** The configuration that is meant, as an absolute path. Throws `config` when it is not there. */
export function configPath({ files }: World, flags: Flags): string {
  const path = files.absolute(flags.text("configfile") ?? DEFAULT_CONFIG);
  if (files.access(path) !== undefined) return path;
  throw configError(
    `the configuration "${path}" is not there: name one with -c, or print one with \`diamond-agent init-config\``,
  );
}

/** The named collectors with their options, enabled or not: from the file of `-c`, or with their defaults. */
export function collectorSettings(
  world: World,
  flags: Flags,
  only: readonly string[],
  custom?: PluginSource,
): Promise<Settings> {
  const { catalogue, files } = world;
  if (flags.text("configfile") === undefined) return emptySettings({ catalogue, only, custom });
  return resolveSettings({ path: configPath(world, flags), files, catalogue, only, custom });
}
