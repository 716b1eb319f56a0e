/**
 * What the runtime costs at rest is decided by settings that it reads before any line of ours runs:
 * so this program starts itself again, in the same process, with those.
 */

import process from "node:process";
import type { MemoryMode } from "../../ports/process.ts";
import { lowMemorySettings, runtimeSettings } from "../../core/runtime_settings.ts";
import { buildInfo } from "../runtime/build_info.ts";

const SETTINGS: Readonly<Record<MemoryMode, Readonly<Record<string, string>>>> = {
  normal: runtimeSettings,
  low: lowMemorySettings,
};

/** As it was at the start: others take out of it what no child may see. */
const environment = { ...process.env };

/**
 * Goes on as this program started anew, with the settings of a mode; returns where it has them, or where
 * there is no way. Without a mode, while nobody knows it yet, those of any will do.
 */
export function tune(mode?: MemoryMode): void {
  const settings = SETTINGS[mode ?? "normal"];
  const isTuned = (mode === undefined ? Object.values(SETTINGS) : [settings]).some((one) =>
    Object.entries(one).every(([name, value]) => environment[name] === value)
  );
  // Children choose for themselves.
  for (const name of Object.keys(SETTINGS.low)) delete process.env[name];
  if (isTuned || !buildInfo.compiled || process.platform !== "linux") return;
  try {
    process.execve?.(process.execPath, [process.argv0, ...process.argv.slice(2)], {
      ...environment,
      ...settings,
    } as NodeJS.ProcessEnv);
  } catch {
    // It costs more then, and that is all.
  }
}

/** For a process of our own that is about to be started. */
export function tunedEnvironment(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...base, ...runtimeSettings };
}
