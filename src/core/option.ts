/** Options of collectors, handlers and the server: every kind of them, and how another process makes one again. */

import { byteUnits, list, patterns, words } from "./option/lists.ts";
import { type Option, type Options, refuse } from "./option/option.ts";
import { bool, choice, duration, integer, number, secret, size, text } from "./option/scalars.ts";
import { headers, url } from "./option/secret_kinds.ts";
import { many, named, section, sections } from "./option/sections.ts";
import { servers } from "./option/servers.ts";

export type { Option, Options, Raw, RawSection, Values } from "./option/option.ts";
export { quoted } from "./option/option.ts";
export * from "./option/lists.ts";
export * from "./option/scalars.ts";
export * from "./option/secret_kinds.ts";
export * from "./option/sections.ts";
export * from "./option/servers.ts";

type Made = Option<unknown>["made"];

const constructors: Readonly<Record<string, (...args: never[]) => Option<unknown>>> = {
  bool,
  number,
  integer,
  size,
  duration,
  text,
  secret,
  url,
  headers,
  choice,
  list,
  words,
  byteUnits,
  patterns,
  section,
  servers,
  sections: (fields: readonly [string, Made][], help: string) =>
    sections(
      Object.fromEntries(fields.map(([name, made]) => [name, optionFrom(made)])) as Options,
      help,
    ),
  many: (one: Made, help: string) => many(optionFrom(one), help),
  named: (one: Made, help: string) => named(optionFrom(one), help),
};

/** An option that was made elsewhere, from how it was made there. Throws `config` where that is not known. */
export function optionFrom([constructor, ...args]: Made): Option<unknown> {
  if (!Object.hasOwn(constructors, constructor)) throw refuse(`"${constructor}" makes no option`);
  return constructors[constructor](...args as never[]);
}
