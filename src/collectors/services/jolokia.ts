/** Source: https://jolokia.org/reference/html/manual/jolokia_protocol.html */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import {
  bool,
  integer,
  list,
  matchesAny,
  patterns,
  type Raw,
  secret,
  section,
  text,
} from "../../core/option.ts";
import { pythonRegex, pythonReplacement } from "../../core/python_regex.ts";
import { excerpt } from "../../core/visible.ts";
import { wordsOf } from "../../core/words.ts";
import { flatten } from "../../formats/flatten.ts";
import { encoded, queryOf } from "../../formats/query.ts";
import { each } from "../../protocols/each.ts";
import { getJson, login } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const rewrites = section(
  "Regular expression = replacement, for names, in the order in which they stand",
);
const options = {
  host: text("localhost", "Name or address of the agent"),
  port: integer(8778, "Its port", { min: 1, max: MAX_PORT }),
  jolokia_path: text("", "Path of the agent; empty: what path says"),
  username: text("", "User for Basic auth"),
  password: secret("", "Password for Basic auth"),
  domains: list([], "Domains to read, with commas or | between them; empty: all that there are"),
  mbeans: patterns([], "match", "MBeans to publish: names, or expressions for their starts"),
  regex: bool(false, "Without effect, as in Diamond: mbeans may always be regular expressions"),
  rewrite: {
    ...rewrites,
    // So that `check` names one that cannot be read.
    parse(raw: Raw) {
      const all = rewrites.parse(raw);
      for (const pattern of Object.keys(all)) pythonRegex(pattern, "search");
      return all;
    },
  },
  use_canonical_names: bool(true, "Ask for names with sorted keys"),
};
const UNITS = {
  byte: "*Usage.init *Usage.committed *Usage.max *Usage.used *Bytes *MemorySize *SpaceSize",
  ms: "*Runtime.Uptime *CollectionTime",
};
const metrics = { "{number}": gauge("A number of an MBean: domain, keys and attribute", 0, UNITS) };
type Jolokia = Context<typeof options, typeof metrics, Rewrites>;

type Rewrites = readonly (readonly [pattern: RegExp, replacement: string])[];

const AT_ONCE = 4;
const MAX_SAID = 200;
const IGNORED = wordsOf(
  "JMImplementation jmx4perl jolokia com.sun.management java.util.logging",
);

export default defineCollector({
  name: "JolokiaCollector",
  doc: "MBeans of a Java program, from its Jolokia agent",
  path: "jolokia",
  sources: ["GET /jolokia/list", "GET /jolokia/?p=read/DOMAIN:*"],
  systems: everySystem,
  options,
  metrics,

  prepare: ({ rewrite }) =>
    Object.entries(rewrite).map(([pattern, replacement]) =>
      [
        new RegExp(pythonRegex(pattern, "search"), "g"),
        pythonReplacement(String(replacement)),
      ] as const
    ),

  async collect(context) {
    const configured = context.options.domains.flatMap((item) => item.split("|"))
      .map((domain) => domain.trim()).filter((domain) => domain !== "");
    const domains = configured.length > 0 ? configured : await domainsOf(context);
    await each(domains, (domain) => domain, (domain) => emitDomain(context, domain), AT_ONCE);
  },
});

async function domainsOf(context: Jolokia): Promise<string[]> {
  const value = await ask(context, "list", { maxDepth: "1", maxCollectionSize: "0" });
  return Object.keys(value).filter((domain) => !IGNORED.includes(domain));
}

async function emitDomain(context: Jolokia, domain: string): Promise<void> {
  const { emit, options } = context;
  const beans = await ask(context, "", {
    maxCollectionSize: "0",
    ignoreErrors: "true",
    canonicalNaming: String(options.use_canonical_names),
    p: `read/${escaped(domain)}:*`,
  });
  for (const [bean, attributes] of Object.entries(beans)) {
    if (!isWanted(context, bean)) continue;
    flatten(attributes, (attribute, value) => {
      const name = rewritten(context, cleaned(`${bean}.${attribute}`));
      if (name !== "") emit("{number}", value, name);
    });
  }
}

/** Its answer has a status of its own. */
async function ask(
  { host, options, signal }: Jolokia,
  page: string,
  query: Readonly<Record<string, string>>,
): Promise<object> {
  const { jolokia_path, path, username, password } = options;
  const base = `${baseUrl(false, options.host, options.port)}/${jolokia_path || path}/${page}`;
  const url = `${base}?${queryOf(query)}`;
  const { status = 200, value, error } = await getJson(
    host,
    url,
    signal,
    login(username, password),
  );
  if (status === 200 && typeof value === "object" && value !== null) return value;
  throw badData(`${base} says: ${excerpt(String(error ?? `status ${status}`), MAX_SAID)}`);
}

/**
 * As Jolokia's paths need it. Whole names, which are not domains, are encoded once more, as Diamond does.
 * Source: https://jolokia.org/reference/html/manual/jolokia_protocol.html#escape-rules
 */
function escaped(domain: string): string {
  const path = domain.replace(/[!/"]/g, "!$&");
  return domain.includes(":") ? encoded(path) : path;
}

function isWanted({ options: { mbeans } }: Jolokia, bean: string): boolean {
  const names = [bean, cleaned(bean)];
  return mbeans.sources.length === 0 ||
    names.some((name) => mbeans.sources.includes(name) || matchesAny(mbeans, name));
}

function cleaned(name: string): string {
  return name.replace(/["'(){}<>[\]]/g, "").replace(/[:,.]+/g, ".")
    .replace(/[^a-zA-Z0-9_.+-]+/g, "_");
}

function rewritten({ state }: Jolokia, name: string): string {
  return state.reduce((text, [pattern, replacement]) => text.replace(pattern, replacement), name);
}
