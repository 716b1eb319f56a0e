/** Options that are sections of the configuration, and keys of which there may be any number. */

import {
  type Option,
  type Options,
  type Raw,
  type RawSection,
  refuse,
  type Values,
} from "./option.ts";

/** Subsections of the operator's naming, as they stand. */
export function section(help: string): Option<RawSection> {
  return {
    type: "section",
    fallback: {},
    help,
    secret: false,
    parse(raw) {
      if (typeof raw === "string" || Array.isArray(raw)) {
        throw refuse("a section [[[…]]] is needed here, not a value");
      }
      return raw as RawSection;
    },
    format: () => "",
    made: ["section", help],
  };
}

/**
 * Subsections named by the operator, each with these options. Under the key `*`: all subsections that are not
 * declared otherwise.
 */
export function sections<F extends Options>(
  fields: F,
  help: string,
): Option<ReadonlyMap<string, Values<F>>> {
  return {
    type: "sections",
    fallback: new Map(),
    help,
    allowed: `subsections, each with ${Object.keys(fields).join(", ")}`,
    secret: false,
    fields,
    parse(raw) {
      const all = Object.entries(asSection(raw));
      return new Map(all.map(([name, inner]) => [name, valuesOf(fields, asSection(inner))]));
    },
    format: () => "",
    made: ["sections", Object.entries(fields).map(([name, { made }]) => [name, made]), help],
  };
}

/** Any number of keys of one kind, under a name with `*`: `"target_*": many(text("", "A host"), "Hosts")`. */
export function many<T>(one: Option<T>, help: string): Option<ReadonlyMap<string, T>> {
  return {
    type: `any number of ${one.type}`,
    fallback: new Map(),
    help,
    allowed: one.allowed,
    secret: one.secret,
    one,
    parse: (raw) =>
      new Map(Object.entries(asSection(raw)).map(([key, value]) => [key, one.parse(value)])),
    format: () => "",
    made: ["many", one.made, help],
  };
}

/** A subsection of keys that the operator names, each of this kind: `logs = /var/log`. */
export function named<T>(one: Option<T>, help: string): Option<ReadonlyMap<string, T>> {
  return {
    ...many(one, help),
    type: "section",
    allowed: undefined,
    made: ["named", one.made, help],
  };
}

function valuesOf<F extends Options>(fields: F, section: RawSection): Values<F> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, option]) => [
      key,
      key in section ? option.parse(section[key]) : option.fallback,
    ]),
  ) as Values<F>;
}

function asSection(raw: Raw): RawSection {
  if (typeof raw === "string" || Array.isArray(raw)) {
    throw refuse("a section is needed here, not a value");
  }
  return raw as RawSection;
}
