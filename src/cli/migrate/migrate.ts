/** `migrate`: what a switch from python-diamond would change, before it is made. */

import { NO_STATE, ownCollectors } from "../../agent/self_metrics.ts";
import { resolveSettings } from "../../config/resolve.ts";
import type { Settings } from "../../config/settings.ts";
import { SELF_NAME } from "../../core/collector.ts";
import { duration } from "../../core/option.ts";
import { silentLog } from "../../ports/log.ts";
import { readOnly } from "../../ports/read_only.ts";
import { lengthText } from "../../view/lengths.ts";
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
import type { World } from "../world.ts";
import { compareWith, longestInterval, type Source, SOURCES } from "./both_sides.ts";
import { type Note, notesOn } from "./notes.ts";
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
        valueHint: "FILE",
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
    const notes = [...notesOn(world, settings, host), ...timeNote(settings, source, seconds)];
    const found: Migration = { parts, notes, compared, unexplained };
    out.write(flags.on("json") ? `${JSON.stringify(found)}\n` : migrationText(found, out));
    return unexplained === 0 ? 0 : NOT_ALL;
  } finally {
    await loader.close();
  }
}

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

/** What comes once in an interval has to come twice. */
function timeNote(settings: Settings, source: Source | undefined, seconds: number): Note[] {
  const longest = longestInterval(settings);
  if (source !== "listen" || seconds >= 2 * longest) return [];
  const what = `${lengthText(seconds)} is less than twice the longest interval, ${
    lengthText(longest)
  }`;
  return [{
    matter: "time",
    what,
    todo: "listen for longer, or names of the old agent are missing",
  }];
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
