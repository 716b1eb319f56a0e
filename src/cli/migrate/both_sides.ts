/** Both agents' series, collected and compared. */

import { diamondsName } from "../../config/diamonds.ts";
import type { Settings } from "../../config/settings.ts";
import { SELF_NAME } from "../../core/collector.ts";
import { configError } from "../../core/errors.ts";
import { lengthText } from "../../view/lengths.ts";
import type { Host } from "../../ports/host.ts";
import { compare } from "../../view/migration.ts";
import type { Flags } from "../command.ts";
import { UsageError } from "../flags.ts";
import { createProgress } from "../progress.ts";
import type { World } from "../world.ts";
import { fromArchive, fromListening, fromWhisper, type Old } from "./old.ts";
import { observeOurs, type Ours } from "./ours.ts";
import type { Migration } from "./report.ts";

/** What stands for the agent itself in paths. */
const SELF_PATH = "diamond";

/** What can be compared with, by the flag that names it. */
export const SOURCES = ["archive", "whisper", "listen"] as const;
export type Source = typeof SOURCES[number];

interface Comparing {
  readonly world: World;
  readonly settings: Settings;
  readonly host: Host;
  readonly flags: Flags;
  readonly source: Source;
  readonly seconds: number;
}

export async function compareWith(comparing: Comparing): Promise<Migration["compared"]> {
  const { world, settings, host, source } = comparing;
  const { old, result: ours } = await bothSides(comparing);
  const { series, begins, failures } = ours;
  const collectorOf = locator(world, begins);
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
  const interval = longestInterval(settings);
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
    progress.end(`collected for ${lengthText(seconds)}`);
  }
}

/** The collector that a path is of: by the first component after `begins` that one has. */
function locator({ catalogue: { paths = {} } }: World, begins: readonly string[]) {
  const classOf = (part: string) => {
    if (Object.hasOwn(paths, part)) return paths[part];
    return part === SELF_PATH ? SELF_NAME : diamondsName(part)?.name;
  };
  return (path: string) => {
    const begin = begins.find((one) => path.startsWith(`${one}.`));
    const parts = path.slice(begin === undefined ? 0 : begin.length + 1).split(".");
    const at = parts.findIndex((part) => classOf(part) !== undefined);
    if (at < 0) return undefined;
    return { className: classOf(parts[at])!, name: parts.slice(at + 1).join(".") };
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

export function longestInterval({ collectors }: Settings): number {
  return Math.max(0, ...collectors.map(({ options }) => options.interval));
}
