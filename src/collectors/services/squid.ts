/** Source: https://wiki.squid-cache.org/Features/CacheManager/Index */

import { counter, defineCollector, everySystem } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { list } from "../../core/option.ts";
import { excerpt } from "../../core/visible.ts";
import { numberIn } from "../../formats/flatten.ts";
import { ask } from "../../protocols/conversation.ts";
import { each } from "../../protocols/each.ts";
import { namedServer } from "../../protocols/servers.ts";

const PORT = 3128;
/** Squid 7 knows only the second one, and a server of 2013 only the first. */
const PAGES = ["cache_object://localhost/counters", "/squid-internal-mgr/counters"];
const LINE = /^([\w.]+) = ([-+\d.eE]+)[ \t]*\r?$/gm;

export default defineCollector({
  name: "SquidCollector",
  doc: "Requests, traffic, hits and CPU time of Squid, from its cache manager",
  path: "squid",
  sources: PAGES.map((page) => `GET ${page}`),
  systems: everySystem,
  options: {
    hosts: list(
      [`localhost:${PORT}`],
      "Servers: [alias@]host[:port]; the alias is the port where none is written",
    ),
  },
  metrics: {
    "{server}.{counter}": counter("A counter of the cache manager", 0, {
      unit: { "KiB/s": "*kbytes_*" },
    }),
  },

  /** The page that each server has answered with counters. */
  prepare: () => ({ pages: new Map<string, string>() }),

  async collect({ host, options: { hosts }, state: { pages }, emit, signal }) {
    await each(hosts, (item) => item, async (item) => {
      const { alias, address } = namedServer(item, PORT);
      const known = pages.get(item);
      let answer = "";
      for (const page of known === undefined ? PAGES : [known]) {
        const head = "Host: localhost\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        answer = await ask(host, address, `GET ${page} HTTP/1.0\r\n${head}`, signal);
        if (answer.search(LINE) < 0) continue;
        pages.set(item, page);
        const name = alias || ("port" in address ? String(address.port) : address.path);
        for (const [, key, written] of answer.matchAll(LINE)) {
          const value = numberIn(written);
          if (value !== undefined) emit("{server}.{counter}", value, name, key);
        }
        return;
      }
      pages.delete(item);
      throw badData(`${item} answers the cache manager's page with "${excerpt(answer, 60)}"`);
    });
  },
});
