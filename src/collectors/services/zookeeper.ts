/** Source: https://zookeeper.apache.org/doc/current/zookeeperAdmin.html#sc_zkCommands */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { list, words } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { wordsOf } from "../../core/words.ts";
import { excerpt } from "../../core/visible.ts";
import { numberIn } from "../../formats/flatten.ts";
import { ask } from "../../protocols/conversation.ts";
import { each } from "../../protocols/each.ts";
import { namedServer } from "../../protocols/servers.ts";

const TEXTS = wordsOf("zk_version zk_server_state");

export default defineCollector({
  name: "ZookeeperCollector",
  doc: "Latencies, connections and nodes of ZooKeeper, from mntr",
  path: "zookeeper",
  sources: ["mntr"],
  systems: everySystem,
  options: {
    hosts: list(["localhost:2181"], "Servers: [alias@]host:port; give several of them aliases"),
    publish: words([], "The values to publish, by name; empty: all"),
  },
  metrics: {
    "{server}.{field}": gauge("A line of mntr", 0, {
      ms: "*_latency *_uptime zk_avg_*_ms zk_min_*_ms zk_max_*_ms zk_sum_*_ms zk_p*_ms",
      byte: "*bytes* *_data_size *_response_size",
    }),
  },

  async collect({ host, options: { hosts, publish }, emit, signal, skipLine }) {
    await each(hosts, (item) => item, async (item) => {
      const { alias, address } = namedServer(item);
      const answer = await ask(host, address, "mntr\n", signal);
      if (!answer.startsWith("zk_")) throw badData(refusal(item, answer));
      for (const [line, name, written] of answer.matchAll(/^(\S+)[ \t]+([^\r\n]*)/gm)) {
        const isWanted = publish.length === 0 || publish.includes(name);
        if (TEXTS.includes(name) || !isWanted) continue;
        const value = numberIn(written);
        if (value === undefined) skipLine(unreadPart(item, line));
        else emit("{server}.{field}", value, alias, name);
      }
    });
  },
});

/** Since 3.5 a command has to be allowed by name. */
function refusal(item: string, answer: string): string {
  if (!answer.includes("whitelist")) return `${item} answers mntr with "${excerpt(answer, 60)}"`;
  return `${item} does not allow mntr: set 4lw.commands.whitelist=mntr in its zoo.cfg`;
}
