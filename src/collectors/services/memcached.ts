/** Source: https://github.com/memcached/memcached/blob/master/doc/protocol.txt */

import { counter, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { list, words } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { numberIn } from "../../formats/flatten.ts";
import { ask } from "../../protocols/conversation.ts";
import { each } from "../../protocols/each.ts";
import { namedServer } from "../../protocols/servers.ts";

const LEFT_OUT = wordsOf(
  "libevent pointer_size time version repcached_version replication accepting_conns pid",
);
const GAUGES = wordsOf(`
  bytes connection_structures curr_connections curr_items threads reserved_fds limit_maxbytes
  hash_power_level hash_bytes hash_is_expanding uptime
`);

export default defineCollector({
  name: "MemcachedCollector",
  doc: "Connections, items, hits and memory of memcached, from stats",
  path: "memcached",
  sources: ["stats"],
  systems: everySystem,
  options: {
    hosts: list(["localhost:11211"], "Servers: [alias@]host:port, or [alias@]/path/of.sock"),
    publish: words([], "The stats to publish, by name; empty: all"),
  },
  metrics: {
    "{server}.{gauge}": gauge("Connections, items, memory, now", 0, {
      byte: "*bytes",
      s: "uptime",
    }),
    "{server}.{counter}": counter("Everything else that grows: commands, hits, misses, bytes", 0, {
      unit: { "byte/s": "*bytes*", "us/s": "*_us" },
    }),
  },

  async collect({ host, options: { hosts, publish }, emit, signal }) {
    await each(hosts, (item) => item, async (item) => {
      const server = namedServer(item);
      const alias = server.alias || server.host;
      const answer = await ask(host, server.address, "stats\n", signal, "\nEND");
      for (const [, name, written] of answer.matchAll(/^STAT (\S+) (\S+)\r?$/gm)) {
        const value = numberIn(written);
        const isWanted = publish.length > 0 ? publish.includes(name) : !LEFT_OUT.includes(name);
        if (!isWanted || value === undefined) continue;
        if (GAUGES.includes(name)) emit("{server}.{gauge}", value, alias, name);
        else emit("{server}.{counter}", value, alias, name);
      }
    });
  },
});
