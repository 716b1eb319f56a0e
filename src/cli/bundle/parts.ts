/** The files of a support bundle. What cannot be had is said in its place: a bundle is made when something is wrong. */

import type { Status } from "../../agent/status.ts";
import { NO_STATE, ownCollectors } from "../../agent/self_metrics.ts";
import { formatProblem } from "../../config/problems.ts";
import { joined } from "../../config/find_plugins.ts";
import { resolveSettings } from "../../config/resolve.ts";
import type { Settings } from "../../config/settings.ts";
import { messageOf } from "../../core/errors.ts";
import { silentLog } from "../../ports/log.ts";
import { configPath, type Flags, spoolPath } from "../command.ts";
import { inventory } from "../list.ts";
import { settingsText } from "../settings_text.ts";
import { agentSocket } from "../status.ts";
import { report } from "../status_text.ts";
import type { World } from "../world.ts";
import { hostFacts } from "./host_facts.ts";
import { masked } from "./masked.ts";

interface BundlePart {
  readonly file: string;
  readonly about: string;
  readonly text: string;
}

const LOG_BYTES = 262_144;
const PLAIN = { write() {}, columns: 100, isTerminal: false, colours: false };

export async function bundleParts(world: World, flags: Flags): Promise<BundlePart[]> {
  const parts: BundlePart[] = [];
  const add = async (file: string, about: string, make: () => string | Promise<string>) => {
    let text: string;
    try {
      text = await make();
    } catch (error) {
      text = `It cannot be had: ${messageOf(error)}\n`;
    }
    parts.push({ file, about, text: masked(text) });
  };
  // First of all: from here on the secrets of the configuration are known, and masked everywhere.
  const { settings, why, catalogue } = await configuration(world, flags);
  const need = () => settings ?? fail(why);
  let status: Status | undefined;
  await add("version.json", "version, commit, target, runtime", () => json(world.buildInfo));
  await add("status.json", "the running agent's status", async () => {
    status = await world.daemon.ask(await agentSocket(world, flags), { ask: "status" }) as Status;
    return json(status);
  });
  await add(
    "status.txt",
    "the same for people",
    () => status === undefined ? fail("see status.json") : report(status, PLAIN),
  );
  await add(
    "configuration.conf",
    "the configuration in effect, with the line of each value",
    () => settingsText(need()),
  );
  await add("problems.txt", "what check says of it", () => problemsText(need()));
  await add(
    "list.json",
    "collectors, handlers and plugins",
    async () => json(await inventory(catalogue, need().custom)),
  );
  await add("spools.json", "what waits on disk", () => {
    const folder = spoolPath(world, need());
    return folder === undefined || world.files.list(folder) === undefined
      ? "[]\n"
      : json(world.listSpools(folder));
  });
  for (const [index, path] of logFiles(status, settings).entries()) {
    await add(`log-${index + 1}.txt`, `the end of ${path}`, () => world.readTail(path, LOG_BYTES));
  }
  await add("host.txt", "kernel, distribution, memory, limits", () => hostFacts(world, settings));
  return parts;
}

async function configuration(world: World, flags: Flags) {
  const { files, catalogue } = world;
  const loader = world.custom({});
  loader.logTo(silentLog);
  try {
    const settings = await resolveSettings({
      ...{ path: configPath(world, flags), files, catalogue, everything: true },
      own: ownCollectors(() => NO_STATE),
      custom: { loader },
    });
    return { settings, catalogue: joined(catalogue, settings.custom), why: "" };
  } catch (error) {
    return { settings: undefined, catalogue, why: messageOf(error) };
  } finally {
    await loader.close();
  }
}

function fail(why: string): never {
  throw new Error(why);
}

function problemsText({ problems }: Settings): string {
  return problems.length === 0
    ? "none\n"
    : problems.map((one) => `${formatProblem(one)}\n`).join("");
}

/** Where the running agent's log goes, or else where the configuration sends it. */
function logFiles(status: Status | undefined, settings: Settings | undefined): string[] {
  const named = settings?.log.outputs.flatMap(({ to }) => to.kind === "file" ? [to.path] : []) ??
    [];
  const running = (status?.log ?? []).filter((place) => place.startsWith("/"));
  return [...new Set([...running, ...named])];
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 1)}\n`;
}
