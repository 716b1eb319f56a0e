/** Databases and caches. */

import { messageOf } from "../../core/errors.ts";
import { addressText } from "../../core/option.ts";
import { type Discovery, type Endpoint, type Found, type Place } from "./place.ts";
import { said } from "./questions.ts";

const REDIS = ["redis-server", "valkey-server"];
const POSTGRES = ["postgres", "postmaster"];
const MYSQL = ["mysqld", "mariadbd"];
/** Asks whether the server encrypts, which no log mentions. Source: the PostgreSQL manual, "SSL Session Encryption" */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 4, 210, 22, 47);
const GREETING_BYTES = 5;
const GREETING = /^[^]{3}\0[\x0a\xff]/;

/** Endpoints where what is said to a question fits. */
async function fitting(
  place: Place,
  endpoints: readonly Endpoint[],
  question: string | Uint8Array,
  pattern: RegExp,
  bytes: number,
): Promise<{ readonly endpoint: Endpoint; readonly text: string }[]> {
  const all = await Promise.all(endpoints.map(async (endpoint) => ({
    endpoint,
    text: (await said(place, endpoint, question, bytes)).text,
  })));
  return all.filter(({ text }) => pattern.test(text));
}

export const databases: readonly Discovery[] = [
  {
    collector: "RedisCollector",
    async discover(place) {
      const endpoints = place.endpoints(REDIS, [6379]);
      const found = await fitting(place, endpoints, "PING\r\n", /^\+PONG|^-NOAUT/, 7);
      if (found.length === 0) return undefined;
      const servers = found.map(({ endpoint }) => addressText(endpoint)).join(", ");
      const isLocked = found.some(({ text }) => text.startsWith("-"));
      return {
        why: `Redis or Valkey answers at ${servers}${isLocked ? ", and wants a password" : ""}`,
        options: {
          instances: `${servers},`,
          ...(isLocked && { auth: "file:/etc/diamond/redis.password" }),
        },
        ...(isLocked && {
          lacks: [
            "its password in /etc/diamond/redis.password, or a user of its own:",
            "ACL SETUSER diamond on >PASSWORD +info +ping +config|get",
          ],
        }),
      };
    },
  },
  {
    collector: "MemcachedCollector",
    async discover(place) {
      const endpoints = place.endpoints(["memcached"], [11211]);
      const found = await fitting(place, endpoints, "version\r\n", /^VERSION/, 7);
      if (found.length === 0) return undefined;
      const servers = found.map(({ endpoint }) => addressText(endpoint)).join(", ");
      return { why: `memcached answers at ${servers}`, options: { hosts: `${servers},` } };
    },
  },
  { collector: "PostgresqlCollector", discover: postgres },
  {
    collector: "MySQLCollector",
    async discover(place) {
      const endpoints = place.endpoints(MYSQL, [3306]);
      const [found] = await fitting(place, endpoints, "", GREETING, GREETING_BYTES);
      if (found === undefined) return undefined;
      const server = addressText(found.endpoint);
      return {
        why: `MySQL or MariaDB answers at ${server}, and wants a login`,
        options: { hosts: `diamond:PASSWORD@${server}/None,` },
        lacks: [
          "CREATE USER diamond@'127.0.0.1' IDENTIFIED BY 'PASSWORD';",
          "GRANT PROCESS, REPLICATION CLIENT ON *.* TO diamond@'127.0.0.1';",
        ],
      };
    },
  },
  {
    collector: "MongoDBCollector",
    async discover(place) {
      for (const endpoint of place.endpoints(["mongod", "mongos"], [27017])) {
        const why = await mongo(place, endpoint);
        if (why === undefined) continue;
        const options = { hosts: `${addressText(endpoint)},` };
        if (why === "") return { why: `MongoDB answers at ${addressText(endpoint)}`, options };
        return {
          why: `MongoDB at ${addressText(endpoint)} wants a login`,
          options: { ...options, user: "diamond", passwd: "file:/etc/diamond/mongodb.password" },
          lacks: ["a user with the role clusterMonitor, in the database admin"],
        };
      }
      return undefined;
    },
  },
];

/** As the collector's own defaults say. */
async function postgres(place: Place): Promise<Found | undefined> {
  const { host, signal } = place;
  for (const endpoint of place.endpoints(POSTGRES, [5432])) {
    const { text } = await said(place, endpoint, SSL_REQUEST);
    if (!/^[SN]$/.test(text)) continue;
    const at = { host: endpoint.host, port: String(endpoint.port) };
    const login = { user: "postgres", password: "postgres", database: "postgres", socket: "" };
    try {
      await using connection = await host.sql.connect(
        "postgres",
        { ...endpoint, ...login },
        signal,
      );
      await connection.query("SELECT 1");
      return { why: `PostgreSQL answers at ${addressText(endpoint)}`, options: at };
    } catch (error) {
      return {
        why: `PostgreSQL is at ${addressText(endpoint)}, but: ${messageOf(error)}`,
        options: { ...at, user: "diamond", password: "file:/etc/diamond/postgres.password" },
        lacks: ["CREATE ROLE diamond LOGIN PASSWORD 'PASSWORD';", "GRANT pg_monitor TO diamond;"],
      };
    }
  }
  return undefined;
}

/** "" where it answers, why not where it refuses, undefined where it is not a MongoDB. */
async function mongo({ host, signal }: Place, endpoint: Endpoint): Promise<string | undefined> {
  try {
    const login = { user: "", password: "", tls: false };
    await using connection = await host.mongo.connect({ ...endpoint, ...login }, signal);
    await connection.command("admin", { serverStatus: 1 });
    return "";
  } catch (error) {
    const message = messageOf(error);
    return / says: /.test(message) ? message : undefined;
  }
}
