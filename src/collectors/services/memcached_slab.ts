/** Source: https://github.com/memcached/memcached/blob/master/doc/protocol.txt */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, number, text } from "../../core/option.ts";
import { numberIn } from "../../formats/flatten.ts";
import { ask } from "../../protocols/conversation.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

export default defineCollector({
  name: "MemcachedSlabCollector",
  doc: "Slab classes of memcached: chunks, pages and hits, from stats slabs",
  path: "memcached_slab",
  sources: ["stats slabs"],
  systems: everySystem,
  options: {
    interval: number(60, "Seconds from run to run", { min: 0.1 }),
    host: text("localhost", "Name or address of the server"),
    port: integer(11211, "Its port", { min: 1, max: MAX_PORT }),
  },
  metrics: {
    "slabs.{class}.{field}": gauge("Chunks, pages and commands of a slab class", 0, {
      byte: "chunk_size",
    }),
    "{field}": gauge("Slab classes in use, and bytes in slab pages", 0, { byte: "total_malloced" }),
  },

  async collect({ host, options: { host: server, port }, emit, signal }) {
    const answer = await ask(host, { host: server, port }, "stats slabs\n", signal, "\nEND");
    for (
      const [, slab, field, written] of answer.matchAll(/^STAT (?:(\d+):)?(\S+) (\S+)\r?$/gm)
    ) {
      const value = numberIn(written);
      if (value === undefined) continue;
      if (slab === undefined) emit("{field}", value, field);
      else emit("slabs.{class}.{field}", value, slab, field);
    }
  },
});
