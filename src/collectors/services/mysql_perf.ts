/** Source: https://dev.mysql.com/doc/refman/8.4/en/performance-schema-wait-summary-tables.html */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { noData } from "../../core/errors.ts";
import { bool, list } from "../../core/option.ts";
import { WAITING_THREADS, type WaitingThread } from "../../formats/replication_waits.ts";
import { each } from "../../protocols/each.ts";
import { mysqlServerOf } from "../../protocols/mysql_servers.ts";

const options = {
  hosts: list([], "Replicas: user:password@host[:port]/performance_schema[/alias]"),
  slave: bool(false, "Without effect, as in Diamond: the replication's threads are all there is"),
};
const metrics = {
  "{server}.{thread}.{wait}": gauge(
    "Of a replication thread's time: waits of a kind, other_work",
    0,
    "percent",
  ),
};
type MysqlPerf = Context<typeof options, typeof metrics>;

const THREADS = WAITING_THREADS.flatMap(({ threads }) => threads).map((name) => `'${name}'`);
/** The sums have waits that are over; one that goes on has the time that it has taken so far. */
const QUESTION = `SELECT t.name AS thread, w.instrument, SUM(w.waited) AS waited
FROM performance_schema.threads t JOIN (
  SELECT thread_id, event_name AS instrument, sum_timer_wait AS waited
  FROM performance_schema.events_waits_summary_by_thread_by_event_name
  UNION ALL
  SELECT thread_id, event_name, timer_wait
  FROM performance_schema.events_waits_current WHERE end_event_id IS NULL
) w ON w.thread_id = t.thread_id
WHERE t.name IN (${THREADS.join(", ")}) GROUP BY t.name, w.instrument`;
const PICOSECONDS = 1e12;

export default defineCollector({
  name: "MySQLPerfCollector",
  doc: "What the replication threads of a MySQL or MariaDB wait for, from performance_schema",
  path: "mysql",
  sources: ["events_waits_summary_by_thread_by_event_name"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options: { hosts }, signal } = context;
    if (hosts.length === 0) throw noData("hosts is empty: there is no server to ask");
    const servers = hosts.map(mysqlServerOf);
    await each(servers, ({ host, port }) => `${host}:${port}`, async (server) => {
      await using connection = await host.sql.connect("mysql", { ...server, socket: "" }, signal);
      const rows = await connection.query(QUESTION);
      if (rows.length === 0) {
        throw noData(`${server.host}:${server.port} replicates nothing, or counts no waits`);
      }
      for (const thread of WAITING_THREADS) {
        const waits = rows.filter((row) => thread.threads.includes(row.thread ?? ""));
        if (waits.length > 0) emitThread(context, server.alias, thread, waits);
      }
    });
  },
});

/** The first run has nothing to compare with. */
function emitThread(
  { emit, delta, elapsed }: MysqlPerf,
  server: string,
  { name, waits }: WaitingThread,
  rows: readonly Readonly<Record<string, string | null>>[],
): void {
  const sums = new Map<string, bigint>(waits.map(([, wait]) => [wait, 0n]));
  for (const { instrument, waited } of rows) {
    const [, wait] = waits.find(([begin]) => instrument?.startsWith(begin)) ?? [];
    if (wait === undefined || !/^\d+$/.test(waited ?? "")) continue;
    sums.set(wait, sums.get(wait)! + BigInt(waited!));
  }
  let known = 0;
  let all = true;
  for (const [wait, sum] of sums) {
    const growth = delta(`${server} ${name} ${wait}`, sum);
    if (growth === undefined) all = false;
    else {
      // The two moments are not quite the same.
      const percent = Math.min(100, 100 * growth / (elapsed * PICOSECONDS));
      known += percent;
      emit("{server}.{thread}.{wait}", percent, server, name, wait);
    }
  }
  if (all) emit("{server}.{thread}.{wait}", Math.max(0, 100 - known), server, name, "other_work");
}
