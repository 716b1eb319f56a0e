/** Source: https://github.com/twitter/twemproxy/blob/master/README.md#observability */

import { counter, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { list } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { dotless, isFiniteNumber } from "../../formats/flatten.ts";
import { parseJson } from "../../formats/json.ts";
import { Conversation } from "../../protocols/conversation.ts";
import { each } from "../../protocols/each.ts";
import { namedServer } from "../../protocols/servers.ts";

const TEXTS = wordsOf("service source timestamp version");
const GAUGES = wordsOf(`
  uptime curr_connections client_connections server_connections server_ejected_at in_queue
  in_queue_bytes out_queue out_queue_bytes
`);

export default defineCollector({
  name: "TwemproxyCollector",
  doc: "Connections, requests and queues of twemproxy (nutcracker), by pool and server",
  path: "twemproxy",
  sources: ["the statistics port"],
  systems: everySystem,
  options: {
    hosts: list(["localhost:22222"], "Servers: [alias@]host:port, or [alias@]/path/of.sock"),
  },
  metrics: {
    "{proxy}.{gauge}": gauge("Connections of the proxy, and seconds since its start", 0, {
      s: "uptime",
    }),
    "{proxy}.{counter}": counter("Connections that the proxy accepted"),
    "{proxy}.pools.{pool}.{gauge}": gauge("Connections of a pool's clients"),
    "{proxy}.pools.{pool}.{counter}": counter("Errors, ejected servers, divided requests"),
    "{proxy}.pools.{pool}.servers.{server}.{gauge}": gauge(
      "Connections and queues of a server",
      0,
      { byte: "*_bytes" },
    ),
    "{proxy}.pools.{pool}.servers.{server}.{counter}": counter(
      "Requests, responses and errors",
      0,
      { unit: { "byte/s": "*_bytes" } },
    ),
  },

  async collect({ host, options: { hosts }, emit, signal }) {
    await each(hosts, (item) => item, async (item) => {
      const { alias, host: name, address } = namedServer(item);
      const proxy = alias || name;
      // It speaks first, and closes.
      using peer = await Conversation.open(host, address, signal);
      const answer: unknown = parseJson(await peer.rest(), item);
      for (const { kind, stat, value } of numbersIn(answer)) {
        emit(`{proxy}.${kind}`, value, proxy, stat);
      }
      for (const [poolName, poolStats] of objectsIn(answer)) {
        const pool = dotless(poolName);
        for (const { kind, stat, value } of numbersIn(poolStats)) {
          emit(`{proxy}.pools.{pool}.${kind}`, value, proxy, pool, stat);
        }
        for (const [serverName, stats] of objectsIn(poolStats)) {
          const server = dotless(serverName);
          for (const { kind, stat, value } of numbersIn(stats)) {
            emit(`{proxy}.pools.{pool}.servers.{server}.${kind}`, value, proxy, pool, server, stat);
          }
        }
      }
    });
  },
});

interface Stat {
  readonly kind: "{gauge}" | "{counter}";
  readonly stat: string;
  readonly value: number;
}

function* numbersIn(stats: unknown): Generator<Stat> {
  for (const [stat, value] of Object.entries(stats ?? {})) {
    if (!isFiniteNumber(value) || TEXTS.includes(stat)) continue;
    yield { kind: GAUGES.includes(stat) ? "{gauge}" : "{counter}", stat, value };
  }
}

function* objectsIn(stats: unknown): Generator<[name: string, stats: object]> {
  for (const [name, inner] of Object.entries(stats ?? {})) {
    if (typeof inner === "object" && inner !== null) yield [name, inner];
  }
}
