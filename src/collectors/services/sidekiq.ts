/** Source: https://github.com/sidekiq/sidekiq/wiki/Using-Redis, and Sidekiq's keys in it */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData, codeOf, configError, messageOf } from "../../core/errors.ts";
import { integer, secret, text, words } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import type { Target } from "../../ports/net.ts";
import { each } from "../../protocols/each.ts";
import { openRedis } from "../../protocols/redis.ts";

const options = {
  host: text("localhost", "Name or address of the Redis, or of its Sentinels"),
  ports: words(["6379"], "Ports of one Redis or of several"),
  password: secret("", "Password of the Redis"),
  databases: integer(16, "Databases to look at, from 0 on", { min: 1 }),
  sentinel_ports: words([], "With sentinel_name: a Sentinel's port for each of ports"),
  sentinel_name: text("", "Name of the master that Sentinels are asked for"),
  cluster_prefix: text("", "A component of the names, behind queue"),
};
const metrics = {
  "queue.{cluster}.{port}.{database}.{queue}": gauge("Jobs that wait: of a queue, schedule, retry"),
};
type Sidekiq = Context<typeof options, typeof metrics>;
type Redis = Awaited<ReturnType<typeof openRedis>>;

export default defineCollector({
  name: "SidekiqCollector",
  doc: "Jobs in Sidekiq's queues, scheduled, and to be tried again",
  path: "sidekiq",
  sources: ["SMEMBERS queues", "LLEN queue:NAME", "ZCARD schedule", "ZCARD retry"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    const { ports, password } = options;
    if (options.sentinel_name !== "" && ports.length !== options.sentinel_ports.length) {
      throw configError("sentinel_ports needs a port for each of ports");
    }
    const all = ports.map((port, at) => ({ port, sentinel: options.sentinel_ports[at] }));
    await each(all, ({ port }) => `${options.host}:${port}`, async ({ port, sentinel }) => {
      const to = options.sentinel_name === ""
        ? { host: options.host, port: portIn(port) }
        : await masterOf(context, portIn(sentinel));
      using redis = await openRedis(host, to, { user: "", password, database: 0 }, signal);
      for (let database = 0; database < options.databases; database++) {
        if (database > 0 && !await select(redis, database)) break;
        await emitQueues(context, redis, port, String(database));
      }
    });
  },
});

function portIn(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw configError(`"${text}" is not a port`);
}

async function masterOf({ host, options, signal }: Sidekiq, port: number): Promise<Target> {
  const { sentinel_name: name } = options;
  const login = { user: "", password: "", database: 0 };
  using sentinel = await openRedis(host, { host: options.host, port }, login, signal);
  const address = await sentinel.command("SENTINEL", "get-master-addr-by-name", name);
  if (!Array.isArray(address)) throw badData(`the Sentinel ${options.host}:${port} has no ${name}`);
  return { host: String(address[0]), port: Number(address[1]) };
}

/** False where the server has no such database: it has fewer, or is a cluster. */
async function select(redis: Redis, database: number): Promise<boolean> {
  try {
    await redis.command("SELECT", String(database));
    return true;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return false;
  }
}

/** The server has answered, with an error: the connection goes on. */
function isRefusal(error: unknown): boolean {
  return codeOf(error) === "bad-data" && messageOf(error).includes(" says: ");
}

async function emitQueues(
  { emit, options: { cluster_prefix: cluster }, skipLine }: Sidekiq,
  redis: Redis,
  port: string,
  database: string,
): Promise<void> {
  const count = async (name: string, ...command: readonly string[]) => {
    try {
      const jobs = Number(await redis.command(...command));
      emit("queue.{cluster}.{port}.{database}.{queue}", jobs, cluster, port, database, name);
    } catch (error) {
      // Another program's key of this name.
      if (!isRefusal(error)) throw error;
      skipLine(unreadPart(command.join(" "), messageOf(error)));
    }
  };
  const queues = await redis.command("SMEMBERS", "queues");
  for (const queue of Array.isArray(queues) ? queues.map(String) : []) {
    await count(queue, "LLEN", `queue:${queue}`);
  }
  await count("schedule", "ZCARD", "schedule");
  await count("retry", "ZCARD", "retry");
}
