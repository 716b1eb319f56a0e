/** Source: https://www.rabbitmq.com/docs/http-api-reference */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { Failure } from "../../core/errors.ts";
import { bool, choice, secret, section, text, type Values, words } from "../../core/option.ts";
import { pythonRegex } from "../../core/python_regex.ts";
import { wordsOf } from "../../core/words.ts";
import { flatten } from "../../formats/flatten.ts";
import { each } from "../../protocols/each.ts";
import { getJson, login } from "../../protocols/http_get.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const HEALTH = wordsOf(`
  fd_used fd_total mem_used mem_limit sockets_used sockets_total disk_free_limit disk_free proc_used
  proc_total
`);

const options = {
  host: text("localhost:55672", "Name and port of the management API; today's port is 15672"),
  scheme: choice("http", ["http", "https"], "How it is asked"),
  ...trustOptions,
  user: text("guest", "The user to log in as"),
  password: secret("guest", "The user's password"),
  replace_dot: text(
    "",
    "What stands for a dot in names of queues and virtual hosts; empty: the dot",
  ),
  replace_slash: text("", "What stands for a slash in them; empty: the slash"),
  queues: words([], "The queues to publish; empty: all"),
  queues_ignored: words([], "Regular expressions for queues to leave out, from their start"),
  vhosts: section("Virtual hosts to publish: name = queues, * for all"),
  cluster: bool(false, "Publish the cluster's nodes and partitions"),
  query_individual_queues: bool(false, "Ask for each queue by itself"),
};
const QUEUE_UNITS = { byte: "memory message_bytes*" };
const metrics = {
  "health.{field}": gauge("Files, memory, sockets, disk and processes of the node", 0, {
    byte: "mem_* disk_*",
  }),
  "cluster.{field}": gauge("Nodes, and partitions of the network"),
  "{field}": gauge("The overview: totals of queues, messages and objects"),
  "queues.{queue}.{field}": gauge("A queue, where no virtual hosts are configured", 0, QUEUE_UNITS),
  "vhosts.{vhost}.queues.{queue}.{field}": gauge("A queue of a virtual host", 0, QUEUE_UNITS),
};
type Rabbit = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "RabbitMQCollector",
  doc: "Queues, messages and health of RabbitMQ, from its management API",
  path: "rabbitmq",
  sources: ["GET /api/overview", "GET /api/nodes", "GET /api/queues"],
  gone: { "RabbitMQ 4.0": "io_*" },
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const parts: [string, () => Promise<void>][] = [
      ["health", () => emitHealth(context)],
      ["queues", () => emitQueues(context)],
    ];
    await each(parts, ([name]) => name, ([, emitPart]) => emitPart());
  },
});

function ask({ host, options, signal }: Rabbit, path: string) {
  const { scheme, host: server, user, password } = options;
  const settings = { ...login(user, password), ...trusting(options) };
  return getJson(host, `${scheme}://${server}/api/${path}`, signal, settings);
}

async function emitHealth(context: Rabbit): Promise<void> {
  const { emit, options } = context;
  const overview = await ask(context, "overview");
  flatten(overview, (name, value) => emit("{field}", value, name), { booleans: true });
  const node = await ask(context, `nodes/${encodeURIComponent(overview.node)}`);
  // A node that has just started knows less.
  for (const field of HEALTH) {
    if (typeof node[field] === "number") emit("health.{field}", node[field], field);
  }
  if (!options.cluster) return;
  emit("cluster.{field}", (node.partitions ?? []).length, "partitions");
  emit("cluster.{field}", (await ask(context, "nodes")).length, "nodes");
}

async function emitQueues(context: Rabbit): Promise<void> {
  const { emit, options } = context;
  const configured = new Map(
    Object.entries(options.vhosts).map(([name, list]) => [name, namesIn(list)]),
  );
  const isLegacy = configured.size === 0;
  const ignored = options.queues_ignored.map((pattern) => pythonRegex(pattern, "match"));
  for (const { name: vhost } of await ask(context, "vhosts")) {
    const wanted = isLegacy ? options.queues : configured.get(vhost) ?? configured.get("*");
    if (wanted === undefined) continue;
    for (const queue of await queuesOf(context, vhost, wanted)) {
      const isWanted = wanted.length === 0 || wanted.includes(queue.name);
      if (!isWanted || ignored.some((pattern) => pattern.test(queue.name))) continue;
      const [v, q] = [vhost, queue.name].map((name) => cleaned(name, options));
      flatten(queue, (field, value) => {
        if (isLegacy) emit("queues.{queue}.{field}", value, q, field);
        else emit("vhosts.{vhost}.queues.{queue}.{field}", value, v, q, field);
      }, { booleans: true });
    }
  }
}

async function queuesOf(context: Rabbit, vhost: string, wanted: readonly string[]) {
  const base = `queues/${encodeURIComponent(vhost)}`;
  if (!context.options.query_individual_queues || wanted.length === 0) {
    return await ask(context, base);
  }
  const found = await Promise.all(
    wanted.map((name) => ask(context, `${base}/${encodeURIComponent(name)}`).catch(orMissing)),
  );
  return found.filter((queue) => queue !== undefined);
}

/** A queue of this name may be in another virtual host. */
function orMissing(error: unknown): undefined {
  if (error instanceof Failure && error.status === 404) return;
  throw error;
}

/** `*` and nothing stand for all. */
function namesIn(list: unknown): string[] {
  const names = Array.isArray(list) ? list : String(list).split(/\s+/);
  return names.filter((name) => name !== "" && name !== "*");
}

function cleaned(name: string, { replace_dot, replace_slash }: Values<typeof options>): string {
  const undotted = replace_dot === "" ? name : name.replaceAll(".", replace_dot);
  return replace_slash === "" ? undotted : undotted.replaceAll("/", replace_slash);
}
