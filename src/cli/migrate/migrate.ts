/** `migrate`: what a switch from python-diamond would change, before it is made. */

import { NO_STATE, ownCollectors } from "../../agent/self_metrics.ts";
import { diamondsName } from "../../config/diamonds.ts";
import { resolveSettings } from "../../config/resolve.ts";
import type { Settings } from "../../config/settings.ts";
import { SELF_NAME } from "../../core/collector.ts";
import { configError } from "../../core/errors.ts";
import { duration } from "../../core/option.ts";
import type { Host } from "../../ports/host.ts";
import { silentLog } from "../../ports/log.ts";
import { readOnly } from "../../ports/read_only.ts";
import { span } from "../../formats/figures.ts";
import { compare } from "../../view/migration.ts";
import {
  type CommandSpec,
  configFlag,
  configPath,
  flagRoots,
  type Flags,
  rootFlags,
  rootsOf,
} from "../command.ts";
import { enabledRows } from "../enabled.ts";
import { UsageError } from "../flags.ts";
import { createProgress } from "../progress.ts";
import type { World } from "../world.ts";
import { notesOn } from "./notes.ts";
import { fromArchive, fromListening, fromWhisper, type Old } from "./old.ts";
import { observeOurs, type Ours } from "./ours.ts";
import { type Migration, migrationText, type Part } from "./report.ts";

const NOT_ALL = 1;
const LOOK_SECONDS = 20;
const LISTEN_SECONDS = 600;

export function migrateCommand(world: World): CommandSpec {
  return {
    name: "migrate",
    summary: "Show what a switch from python-diamond would change, before it is made",
    args: {
      ...configFlag,
      archive: {
        type: "string",
        valueHint: "LOG",
        description: "Compare with the log of python-diamond's ArchiveHandler",
      },
      whisper: {
        type: "string",
        valueHint: "DIR",
        description: "Compare with Graphite's files: its storage/whisper, or a copy",
      },
      listen: {
        type: "string",
        valueHint: "PORT",
        description:
          "Compare with what the old agent's GraphiteHandler sends to this port of 127.0.0.1",
      },
      for: {
        type: "string",
        valueHint: "TIME",
        description: "How long to collect, such as 30s or 10m (default 20s; 10m with --listen)",
      },
      ...rootFlags,
      json: { type: "boolean", description: "As JSON, with every difference" },
    },
    examples: [
      "diamond-agent migrate -c /etc/diamond/diamond.conf",
      "diamond-agent migrate -c /etc/diamond/diamond.conf --archive /var/log/diamond/archive.log",
      "diamond-agent migrate -c /etc/diamond/diamond.conf --whisper /opt/graphite/storage/whisper",
      "diamond-agent migrate -c /etc/diamond/diamond.conf --listen 2103 --for 10m",
    ],
    notes:
      "Runs the enabled collectors in this process; sends and changes nothing. Exit status 0: nothing is missing and every difference is explained; 1: something is not.",
    run: (flags) => migrate(world, flags),
  };
}

async function migrate(world: World, flags: Flags): Promise<number> {
  const { files, catalogue, out } = world;
  const source = sourceOf(flags);
  const seconds = secondsOf(flags, source === "listen" ? LISTEN_SECONDS : LOOK_SECONDS);
  const loader = world.custom(flagRoots(flags));
  loader.logTo(silentLog);
  try {
    const settings = await resolveSettings({
      ...{ path: configPath(world, flags), files, catalogue },
      own: ownCollectors(() => NO_STATE),
      custom: { loader },
    });
    const host = readOnly(world.host(rootsOf(flags, settings.server)));
    const parts = partsOf(settings);
    const compared = source === undefined
      ? undefined
      : await compareWith({ world, settings, host, flags, source, seconds });
    const open = compared?.comparison.findings.filter(({ rule }) => rule === undefined) ?? [];
    const missing = parts.filter(({ isMissing }) => isMissing);
    const otherNames = compared?.comparison.prefix === undefined ? 0 : 1;
    const unexplained = open.length + missing.length + otherNames;
    const found: Migration = {
      parts,
      notes: notesOn(world, settings, host),
      compared,
      unexplained,
    };
    out.write(flags.on("json") ? `${JSON.stringify(found)}\n` : migrationText(found, out));
    return unexplained === 0 ? 0 : NOT_ALL;
  } finally {
    await loader.close();
  }
}

const SOURCES = ["archive", "whisper", "listen"] as const;
type Source = typeof SOURCES[number];

function sourceOf(flags: Flags): Source | undefined {
  const given = SOURCES.filter((name) => flags.text(name) !== undefined);
  if (given.length > 1) throw new UsageError("One of --archive, --whisper and --listen, please");
  return given[0];
}

function secondsOf(flags: Flags, fallback: number): number {
  const text = flags.text("for");
  if (text === undefined) return fallback;
  try {
    return duration(fallback, "", { min: 1 }).parse(text);
  } catch {
    throw new UsageError(`--for needs a time such as 30s or 10m, not "${text}"`);
  }
}

function partsOf(settings: Settings): Part[] {
  const handlers = new Set(settings.handlers.map(({ section }) => section));
  const lost = new Map(settings.leftOut.map(({ section, kind }) => [section, kind]));
  return enabledRows(settings).filter(([name]) => name !== SELF_NAME).map(([name, origin]) => ({
    name,
    kind: lost.get(name) ?? (handlers.has(name) ? "handler" : "collector"),
    origin,
    isMissing: lost.has(name),
  }));
}

interface Comparing {
  readonly world: World;
  readonly settings: Settings;
  readonly host: Host;
  readonly flags: Flags;
  readonly source: Source;
  readonly seconds: number;
}

async function compareWith(comparing: Comparing): Promise<Migration["compared"]> {
  const { world, settings, host, source } = comparing;
  const { old, result: ours } = await bothSides(comparing);
  const { series, begins, failures } = ours;
  const collectorOf = locator(world);
  const comparison = compare({
    ...{ old: old.observations, ours: series, begins, collectorOf, cpus: host.cpus },
    isSameTime: source === "listen",
    whyNot: (path) => whyNot(settings, ours, collectorOf(path)?.className),
  });
  return { with: old.what, unread: old.unread, comparison, failures: Object.fromEntries(failures) };
}

async function bothSides(
  { world, settings, host, flags, source, seconds }: Comparing,
): Promise<{ readonly old: Old; readonly result: Ours }> {
  const progress = createProgress(world.err, () => host.clock.now());
  const observe = () =>
    observeOurs(settings, host, seconds, (part) => progress.show(part, "collecting"));
  const interval = Math.max(0, ...settings.collectors.map(({ options }) => options.interval));
  const word = flags.text(source)!;
  try {
    if (source === "listen") {
      const port = Number(word);
      if (!Number.isInteger(port) || port < 1 || port > 65_535) {
        throw new UsageError(`--listen needs a port, not "${word}"`);
      }
      return await fromListening(world, port, observe);
    }
    const path = world.files.absolute(word);
    if (source === "archive") {
      const old = await fromArchive(
        world,
        path,
        interval,
        (part) => progress.show(part, "reading"),
      );
      return { old, result: await observe() };
    }
    if (world.files.list(path) === undefined) throw configError(`cannot read the folder "${path}"`);
    const result = await observe();
    const now = host.clock.now() / 1000;
    return { old: fromWhisper(world, path, { begins: result.begins, interval, now }), result };
  } finally {
    progress.end(`collected for ${span(seconds)}`);
  }
}

/** The collector that a path is of, by the first component that one has. */
function locator({ catalogue: { paths = {} } }: World) {
  return (path: string) => {
    const parts = path.split(".");
    for (const [at, part] of parts.entries()) {
      const known = Object.hasOwn(paths, part) ? paths[part] : diamondsName(part)?.name;
      if (known !== undefined) return { className: known, name: parts.slice(at + 1).join(".") };
    }
    return undefined;
  };
}

function whyNot(
  { leftOut, collectors }: Settings,
  { failures }: Ours,
  className: string | undefined,
): string | undefined {
  if (className === undefined) return undefined;
  const isOf = (section: string) => section.split(" ")[0] === className;
  const missing = leftOut.find(({ section }) => isOf(section));
  if (missing !== undefined) return `${className} is missing: ${missing.reason}`;
  const failed = [...failures].find(([section]) => isOf(section));
  if (failed !== undefined) return `${className} has no data here: ${failed[1]}`;
  if (collectors.some(({ section }) => isOf(section))) return undefined;
  const known = diamondsName(className);
  return known === undefined ? undefined : `${className} is not enabled in this configuration`;
}
