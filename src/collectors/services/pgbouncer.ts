/** Source: https://www.pgbouncer.org/usage.html#admin-console */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, secret, sections, text } from "../../core/option.ts";
import { dotless, numberIn } from "../../formats/flatten.ts";
import { each, eachServer } from "../../protocols/each.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const server = {
  host: text("localhost", "Name or address of the server"),
  port: integer(6432, "Its port", { min: 1, max: MAX_PORT }),
  user: text("", "The user to log in as; empty: that of the collector"),
  password: secret("", "The user's password; empty: that of the collector"),
};
const ADMIN = "pgbouncer";
const QUESTIONS = ["SHOW POOLS", "SHOW STATS"];

const UNITS = {
  byte: "total_received total_sent",
  "byte/s": "avg_recv avg_sent",
  us: "total_*_time avg_*_time maxwait_us",
  s: "maxwait",
};

export default defineCollector({
  name: "PgbouncerCollector",
  doc: "Pools and traffic of PgBouncer, by database",
  path: "pgbouncer",
  sources: QUESTIONS,
  systems: everySystem,
  options: {
    instances: sections(server, "Subsections, each a server; none: localhost:6432, as default"),
    user: text("postgres", "The user to log in as; stats_users in pgbouncer.ini has to have it"),
    password: secret("", "The user's password"),
    method: text("Threaded", "Without effect, as in Diamond"),
  },
  metrics: {
    "{instance}.{database}.{column}": gauge("A column of SHOW POOLS or SHOW STATS", 0, UNITS),
  },

  async collect({ host, options: { instances, user, password }, emit, signal }) {
    const named = instances.size > 0 ? [...instances] : [["default", DEFAULT] as const];
    const all = named.map(([name, one]) => ({ ...one, name, socket: "", database: ADMIN }));
    await eachServer(all, async (one) => {
      const login = { user: one.user || user, password: one.password || password };
      const settings = { ...one, ...login, firstQuery: "SHOW VERSION" };
      await using connection = await host.sql.connect("postgres", settings, signal);
      const instance = dotless(one.name).replaceAll(":", "_");
      await each(QUESTIONS, (question) => question, async (question) => {
        for (const { database, user: _, ...columns } of await connection.query(question)) {
          for (const [column, written] of Object.entries(columns)) {
            const value = numberIn(written);
            if (value === undefined || database === null) continue;
            emit("{instance}.{database}.{column}", value, instance, database, column);
          }
        }
      });
    });
  },
});

const DEFAULT = { host: "localhost", port: 6432, user: "", password: "" };
