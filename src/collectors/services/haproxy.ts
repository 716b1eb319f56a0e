/** Source: https://docs.haproxy.org/2.8/management.html#9.1 */

import { excerpt } from "../../core/visible.ts";
import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import {
  bool,
  choice,
  secret,
  sections,
  text,
  url,
  type Values,
  words,
} from "../../core/option.ts";
import { shownUrl } from "../../core/secrets.ts";
import { numberIn, safeName } from "../../formats/flatten.ts";
import type { Host } from "../../ports/host.ts";
import { ask } from "../../protocols/conversation.ts";
import { each } from "../../protocols/each.ts";
import { get, login } from "../../protocols/http_get.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const source = {
  method: choice("http", ["http", "unix"], "How HAProxy is asked"),
  url: url("http://localhost/haproxy?stats;csv", "With http: the page of statistics, as CSV"),
  user: text("admin", "User of the page"),
  pass: secret("password", "Password of the page"),
  ...trustOptions,
  sock: text("/var/run/haproxy.sock", "With unix: the stats socket"),
  ignore_servers: bool(false, "Leave servers out: only frontends and backends"),
};
type Source = Values<typeof source>;

const UNITS = {
  byte: "bin bout comp_in comp_out comp_byp *_bytes_*",
  ms: "qtime ctime rtime ttime *time_max *_duration",
  s: "lastchg downtime lastsess",
};

export default defineCollector({
  name: "HAProxyCollector",
  doc: "Every column of HAProxy's statistics, by proxy and server",
  path: "haproxy",
  sources: ["show stat"],
  systems: everySystem,
  options: {
    ...source,
    servers: words([], "Subsections to ask, each with options of its own"),
    "*": sections(source, "A subsection that servers names"),
  },
  metrics: {
    "{section}.{proxy}.{server}.{column}": gauge(
      "A column of the statistics; 1 for a text",
      0,
      UNITS,
    ),
  },

  async collect({ host, options, emit, signal }) {
    const { servers, "*": own } = options;
    const all: [string, Source][] = servers.length === 0
      ? [["", options]]
      : servers.map((name) => [name, own.get(name) ?? options]);
    await each(all, addressIn, async ([name, settings]) => {
      const section = safeName(name.toLowerCase());
      const [heading, ...rows] = parseCsv(await statistics(host, settings, signal));
      // Diamond takes the heading for a row as well.
      for (const [proxy, server, ...cells] of [heading, ...rows]) {
        if (settings.ignore_servers && !/^(frontend|backend)$/i.test(server)) continue;
        cells.forEach((cell, at) => {
          const column = heading[at + 2];
          if (cell === "" || !column) return;
          const [px, sv] = [proxy, server].map((part) => safeName(part.toLowerCase()));
          const value = numberIn(cell) ?? 1;
          emit("{section}.{proxy}.{server}.{column}", value, section, px, sv, safeName(column));
        });
      }
    });
  },
});

function addressIn([, { method, sock, url }]: [string, Source]): string {
  return method === "unix" ? sock : shownUrl(url);
}

async function statistics(host: Host, settings: Source, signal: AbortSignal): Promise<string> {
  const { method, sock, url, user, pass } = settings;
  if (method === "unix") return await ask(host, { path: sock }, "show stat\n", signal);
  return (await get(host, url, signal, { ...login(user, pass), ...trusting(settings) })).body;
}

/** Rows of cells; a cell in quotes may have commas. */
function parseCsv(text: string): string[][] {
  if (!text.startsWith("#")) {
    throw badData(`"${excerpt(text, 60)}" is not HAProxy's table of statistics`);
  }
  return text.trim().split("\n").map((line) =>
    [...line.trimEnd().matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((
      [, quoted, plain],
    ) => quoted?.replaceAll('""', '"') ?? plain)
  );
}
