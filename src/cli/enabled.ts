/** What each collector and handler that a configuration enables is: built in, a plugin, or missing and why. */

import type { Settings } from "../config/settings.ts";
import type { AnyHandler } from "../core/handler.ts";
import { table } from "./text.ts";
import type { Terminal } from "./world.ts";

/** One line for each. */
export function enabledTable(settings: Settings, out: Terminal): string {
  return table(enabledRows(settings), "  ", out.columns);
}

export function enabledRows(settings: Settings): (readonly [name: string, origin: string])[] {
  const { collectors, handlers, leftOut } = settings;
  const running = [
    ...collectors.map(({ section, collector }) => ({ section, file: collector.custom?.file })),
    ...handlers.map(({ section, handler }) => ({ section, file: fileOf(settings, handler) })),
  ];
  const missing = leftOut.map(({ section, reason }) => [section, `missing: ${reason}`] as const);
  return [
    ...running.map(({ section, file }) => [section, originOf(settings, file)] as const),
    ...missing,
  ];
}

function originOf({ custom }: Settings, path: string | undefined): string {
  if (path === undefined) return "built in";
  const note = custom.files.find((file) => file.path === path)?.note;
  return note === undefined ? `plugin, ${path}` : `plugin, ${path}: ${note}`;
}

function fileOf({ custom }: Settings, { name, custom: traits }: AnyHandler): string | undefined {
  return traits && custom.files.find(({ names }) => names.includes(name))?.path;
}
