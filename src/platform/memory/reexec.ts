/**
 * Re-executes this program, in the same process, with the runtime's cheaper settings. The runtime reads
 * them from its environment before any line of ours runs.
 */

import process from "node:process";
import type { MemoryMode } from "../../ports/process.ts";
import { lowMemorySettings, runtimeSettings } from "../../core/runtime_settings.ts";
import { buildInfo } from "../runtime/build_info.ts";
import { isPlain, MODE_VARIABLE } from "../runtime/plain.ts";

const SETTINGS: Readonly<Record<MemoryMode, Readonly<Record<string, string>>>> = {
  plain: { [MODE_VARIABLE]: "plain" },
  normal: runtimeSettings,
  low: lowMemorySettings,
};
/** All names that a mode sets. */
const NAMES = [MODE_VARIABLE, ...Object.keys(SETTINGS.low)];

/** As it was at the start. `tune` takes out of the live one what no child may see. */
const environment = { ...process.env };

/**
 * Re-executes this program with the settings of a mode. Returns if it has them, or where it cannot. Before
 * the configuration is read the mode is not known, and the settings of any mode will do.
 */
export function tune(mode?: MemoryMode): void {
  const settings = SETTINGS[mode ?? "normal"];
  const isTuned = (mode === undefined ? Object.values(SETTINGS) : [settings]).some((one) =>
    Object.entries(one).every(([name, value]) => environment[name] === value)
  );
  // Children choose for themselves.
  for (const name of NAMES) delete process.env[name];
  if (isTuned || !buildInfo.compiled || process.platform !== "linux") return;
  try {
    const others = Object.entries(environment).filter(([name]) => !NAMES.includes(name));
    process.execve?.(process.execPath, [process.argv0, ...process.argv.slice(2)], {
      ...Object.fromEntries(others),
      ...settings,
    } as NodeJS.ProcessEnv);
  } catch {
    // It costs more then, and that is all.
  }
}

/** For a process of our own that is about to be started. */
export function tunedEnvironment(base: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...base, ...(isPlain ? SETTINGS.plain : runtimeSettings) };
}
