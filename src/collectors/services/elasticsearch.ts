/** Source: https://www.elastic.co/guide/en/elasticsearch/reference/current/cluster-nodes-stats.html */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { bool, choice, integer, secret, servers, text, words } from "../../core/option.ts";
import { flatten } from "../../formats/flatten.ts";
import { CLUSTER_FIELDS, indexValues, NODE_FIELDS, renamed } from "../../formats/elasticsearch.ts";
import { eachServer } from "../../protocols/each.ts";
import { getJson, login } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const options = {
  host: text("127.0.0.1", "Name or address of the server, where instances is empty"),
  port: integer(9200, "Its port", { min: 1, max: MAX_PORT }),
  scheme: choice("http", ["http", "https"], "How servers are asked"),
  user: text("", "User for Basic auth"),
  ...trustOptions,
  password: secret("", "Password for Basic auth"),
  instances: servers([], 9200, "Servers: [alias@]host[:port]"),
  stats: words(["jvm", "thread_pool", "indices"], "What to publish besides the node's own"),
  logstash_mode: bool(false, "Sum the indices of a day or hour, as Logstash makes them"),
  cluster: bool(false, "Publish the cluster's health"),
};
const UNITS = {
  percent: "*percent",
  ms: "*.time *_in_millis",
  byte: "*.size *_in_bytes *.mem.* jvm.mem.*",
};
const metrics = {
  "{server}.{field}": gauge("A figure of the node", 0, UNITS),
  "{server}.indices.{index}.{field}": gauge("A figure of the primaries of an index", 0, UNITS),
  "{server}.cluster_health.{field}": gauge(
    "Nodes and shards; status: green 2, yellow 1, red 0",
    0,
    UNITS,
  ),
};
type Elastic = Context<typeof options, typeof metrics>;

const STATUS: Readonly<Record<string, number>> = { green: 2, yellow: 1, red: 0 };

export default defineCollector({
  name: "ElasticSearchCollector",
  doc: "Nodes, indices and cluster of Elasticsearch and OpenSearch",
  path: "elasticsearch",
  sources: ["GET /_nodes/_local/stats", "GET /_cluster/health", "GET /_stats"],
  gone: { "Elasticsearch 2.0": "network.*, process.mem.resident" },
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    const { instances, port, scheme, user, password } = options;
    const one = { alias: "", host: options.host, port, socket: "" };
    const all = instances.map((server) => ({ ...server, alias: server.alias || "default" }));
    await eachServer(all.length > 0 ? all : [one], async (server) => {
      const base = baseUrl(scheme === "https", server.host, server.port);
      const settings = { ...login(user, password), ...trusting(options) };
      const ask = (path: string) => getJson(host, base + path, signal, settings);
      await emitNode(context, server.alias, ask);
      if (options.cluster) await emitCluster(context, server.alias, ask);
      if (options.stats.includes("indices")) await emitIndices(context, server.alias, ask);
    });
  },
});

// deno-lint-ignore no-explicit-any
type Ask = (path: string) => Promise<any>;

async function emitNode(
  { emit, options: { stats } }: Elastic,
  alias: string,
  ask: Ask,
): Promise<void> {
  const [node] = Object.values((await ask("/_nodes/_local/stats")).nodes ?? {});
  if (node === undefined) throw badData("the answer of /_nodes/_local/stats has no node");
  const skipped = ["jvm", "thread_pool"].filter((part) => !stats.includes(part));
  const collections = new Map<string, number>();
  flatten(node, (path, value) => {
    const name = renamed(path, NODE_FIELDS);
    if (name === undefined || skipped.some((part) => name.startsWith(`${part}.`))) return;
    emit("{server}.{field}", value, alias, name);
    const [, field] = /^jvm\.gc\.collection\.[^.]+\.(count|time)$/.exec(name) ?? [];
    if (field !== undefined) collections.set(field, (collections.get(field) ?? 0) + value);
    else if (name.startsWith("jvm.gc.collection.")) collections.clear();
  }, { lists: true, clean: (key) => key.replaceAll(" ", "_") });
  for (const [field, sum] of collections) {
    emit("{server}.{field}", sum, alias, `jvm.gc.collection.${field}`);
  }
}

async function emitCluster({ emit }: Elastic, alias: string, ask: Ask): Promise<void> {
  const health = await ask("/_cluster/health");
  flatten(health, (path, value) => {
    const name = renamed(path, CLUSTER_FIELDS);
    if (name !== undefined) emit("{server}.cluster_health.{field}", value, alias, name);
  });
  const status = STATUS[health.status];
  if (status !== undefined) emit("{server}.cluster_health.{field}", status, alias, "status");
}

async function emitIndices({ emit, options }: Elastic, alias: string, ask: Ask): Promise<void> {
  for (const [index, name, value] of indexValues(await ask("/_stats"), options.logstash_mode)) {
    emit("{server}.indices.{index}.{field}", value, alias, index, name);
  }
}
