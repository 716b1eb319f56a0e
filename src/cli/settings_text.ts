/** The effective configuration as a text: secrets masked, with the line that each value came from. */

import { serverOptions } from "../config/server_options.ts";
import type { Settings } from "../config/settings.ts";
import type { Origins } from "../config/tree.ts";
import type { Option, Options } from "../core/option.ts";
import { MASK, withoutCredentials } from "../core/secrets.ts";

export function settingsText(settings: Settings): string {
  const { server, serverOrigins, handlers, collectors } = settings;
  const parts = (all: Settings["handlers"] | Settings["collectors"]) =>
    all.map(({ section, declared, options, origins }) =>
      sectionText(`[[${section}]]`, declared, options, origins)
    ).join("");
  return sectionText("[server]", serverOptions, server, serverOrigins) +
    `[handlers]\n\n${parts(handlers)}[collectors]\n\n${parts(collectors)}`;
}

function sectionText(
  header: string,
  declared: Options,
  values: Readonly<Record<string, unknown>>,
  origins: Origins,
): string {
  const lines = Object.entries(declared).map(([name, option]) => {
    const at = origins.get(name);
    const from = at === undefined ? "default" : `${at.file}:${at.line}`;
    return `${name} = ${shownValue(option, values[name])}  # ${from}\n`;
  });
  return `${header}\n${lines.join("")}\n`;
}

function shownValue(option: Option<unknown>, value: unknown): string {
  if (option.secret && value !== "") return MASK;
  return withoutCredentials((option.shown ?? option.format)(value));
}
