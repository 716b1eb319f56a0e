/** The handler that a command is to send by, as the configuration has it. */

import { resolveSettings } from "../config/resolve.ts";
import type { HandlerSettings, Settings } from "../config/settings.ts";
import { didYouMean } from "../config/problems.ts";
import { configError } from "../core/errors.ts";
import type { Log } from "../ports/log.ts";
import { configPath, type Flags } from "./command.ts";
import type { World } from "./world.ts";

/** The configuration, for what it says of the agent and its handlers. */
export function serverSettings(world: World, flags: Flags): Promise<Settings> {
  const { files, catalogue } = world;
  return resolveSettings({ path: configPath(world, flags), files, catalogue });
}

/** By the section's name, one of `[server] handlers`. Throws `config` where there is none. */
export function handlerPart(settings: Settings, name: string): HandlerSettings {
  const names = settings.handlers.map(({ section }) => section);
  const found = settings.handlers.find(({ section }) => section === name);
  if (found !== undefined) return found;
  throw configError(
    `"${settings.file}" has no handler "${name}"${didYouMean(name, names)}; it has ${
      names.join(", ")
    }`,
  );
}

/** For commands: what goes wrong is said on stderr. */
export function warningsTo({ err }: World): Log {
  const say = (message: string) => err.write(`${message}\n`);
  return { debug: () => {}, info: () => {}, warn: say, error: say };
}
