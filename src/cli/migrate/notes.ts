/** What else to know before python-diamond is replaced: who runs, what is written where, what a removal would take away. */

import type { Settings } from "../../config/settings.ts";
import { messageOf } from "../../core/errors.ts";
import type { Host } from "../../ports/host.ts";
import { spoolPath, statePath } from "../command.ts";
import type { World } from "../world.ts";

export interface Note {
  readonly matter: string;
  readonly what: string;
  /** What to do; absent: nothing. */
  readonly todo?: string;
}

export function notesOn(world: World, settings: Settings, host: Host): Note[] {
  const { server } = settings;
  return [
    userNote(world, settings),
    ...running(host),
    { matter: "pid file", what: server.pid_file },
    ...logNotes(settings),
    ...pathNotes(world, settings),
    ...[...server.collectors_path, ...server.handlers_path].flatMap(pluginNote),
    ...configurationNote(settings),
  ];
}

function userNote({ daemon }: World, { server: { user, group } }: Settings): Note {
  const who = user === ""
    ? "whoever starts it"
    : `${user}${group === "" ? "" : `, group ${group}`}`;
  try {
    daemon.findIdentity(user, group);
    return { matter: "user", what: `the agent runs as ${who}` };
  } catch (error) {
    return {
      matter: "user",
      what: messageOf(error),
      todo: "create it, or change user and group in [server]",
    };
  }
}

/** By the command lines of the processes, as `ps` sees them. */
function running(host: Host): Note[] {
  const pids = processes(host).filter((pid) => isDiamond(commandLine(host, pid)));
  if (pids.length === 0) return [{ matter: "python-diamond", what: "does not run" }];
  const todo = "stop it before the agent starts: two daemons would send every point twice";
  return [{ matter: "python-diamond", what: `runs as process ${pids.join(", ")}`, todo }];
}

function processes({ fs }: Host): string[] {
  try {
    return fs.list("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

function commandLine({ fs }: Host, pid: string): string[] {
  try {
    return new TextDecoder().decode(fs.readBytes(`/proc/${pid}/cmdline`)).split("\0");
  } catch {
    return [];
  }
}

function isDiamond(argv: readonly string[]): boolean {
  const [program = "", script = ""] = argv.map((word) => word.replace(/^.*\//, ""));
  return program === "diamond" || (/^python[\d.]*$/.test(program) && script === "diamond");
}

function logNotes({ log }: Settings): Note[] {
  return log.outputs.map(({ to, format }) => {
    const place = to.kind === "file" ? to.path : to.kind === "stream" ? to.stream : "syslog";
    return { matter: "log", what: `${place}, in the format ${format}` };
  });
}

function pathNotes(world: World, settings: Settings): Note[] {
  const { files } = world;
  const paths: readonly (readonly [string, string | undefined])[] = [
    ["pid file", settings.server.pid_file],
    ["state", statePath(world, settings)],
    ["spool", spoolPath(world, settings)],
    ...settings.log.outputs.map(({ to }) =>
      ["log", to.kind === "file" ? to.path : undefined] as const
    ),
  ];
  return paths.flatMap(([matter, path]) => {
    if (path === undefined) return [];
    const isFolder = files.access(path)?.directory ?? false;
    const reason = files.unwritable(isFolder ? `${path}/x` : path);
    return reason === undefined ? [] : [{
      matter,
      what: `this user cannot write ${path}: ${reason}`,
      todo: "start as root, or give the agent's user the right",
    }];
  });
}

/** Where the old package keeps its files: they go with it. */
function pluginNote(folder: string): Note[] {
  if (!/^\/usr\/(local\/)?share\/diamond\b/.test(folder)) return [];
  return [{
    matter: "plugins",
    what: `${folder} belongs to python-diamond's package, and is deleted with it`,
    todo: "copy what is yours out of it, and name the copy in collectors_path or handlers_path",
  }];
}

function configurationNote({ file, problems }: Settings): Note[] {
  const errors = problems.filter(({ severity, lacks }) =>
    severity === "error" && lacks === undefined
  );
  const own = /^\/etc\/diamond\//.test(file)
    ? [{
      matter: "configuration",
      what: `purging the package diamond may delete ${file}`,
      todo: "copy it first",
    }]
    : [];
  if (errors.length === 0) return own;
  const todo = "see `diamond-agent check`";
  return [...own, { matter: "configuration", what: `${errors.length} errors in ${file}`, todo }];
}
