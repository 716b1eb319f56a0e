/** Source: https://kafka.apache.org/documentation/#basic_ops_consumer_lag */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData, configError } from "../../core/errors.ts";
import { list, text, words } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { numberIn } from "../../formats/flatten.ts";
import { commandOptions, rowsOf, run } from "../../protocols/command.ts";
import { each } from "../../protocols/each.ts";

const options = {
  ...commandOptions("/opt/kafka/bin/kafka-run-class.sh"),
  consumer_groups: words([], "Groups of consumers; needed"),
  topic: text("", "The only topic to publish; empty: all"),
  zookeeper: list(
    ["localhost:2181"],
    "ZooKeepers of a Kafka before 1.0; the path of the last is in the names",
  ),
  bootstrap_servers: list([], "Brokers of a Kafka since 0.10, which has its own tool beside bin"),
};
const metrics = { "{cluster}.{group}.{topic}.{partition}": gauge("Messages not consumed yet") };
type Lag = Context<typeof options, typeof metrics>;

/** Headings of both tools' tables. */
const COLUMNS = {
  topic: /^topic$/i,
  partition: /^(pid|partition)$/i,
  lag: /^lag$/i,
};

export default defineCollector({
  name: "KafkaConsumerLagCollector",
  doc: "How far groups of consumers are behind a Kafka's messages",
  path: "kafka.ConsumerLag",
  sources: ["kafka-consumer-groups.sh --describe", "kafka.tools.ConsumerOffsetChecker"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options, signal } = context;
    const { consumer_groups: groups, bootstrap_servers: brokers } = options;
    if (groups.length === 0) throw configError("consumer_groups names no group of consumers");
    const zookeeper = options.zookeeper.join(",");
    const cluster = zookeeper.split("/").slice(1).join("_").replace(/[/-]/g, "_");
    await each(groups, (group) => group, async (group) => {
      const [bin, args] = brokers.length > 0
        ? [
          options.bin.replace(/[^/]*$/, "kafka-consumer-groups.sh"),
          ["--bootstrap-server", brokers.join(","), "--describe", "--group", group],
        ]
        : [options.bin, [
          ...["kafka.tools.ConsumerOffsetChecker", "--group", group, "--zookeeper", zookeeper],
          ...(options.topic === "" ? [] : ["--topic", options.topic]),
        ]];
      const output = await run(host, { ...options, bin }, args, signal);
      emitTable(context, cluster, group, rowsOf(output));
    });
  },
});

/** A partition that was never consumed has `-`, or `unknown`, for its lag. */
function emitTable(
  { emit, options, skipLine }: Lag,
  cluster: string,
  group: string,
  rows: readonly (readonly string[])[],
): void {
  const start = rows.findIndex((row) => row.some((cell) => COLUMNS.lag.test(cell)));
  if (start < 0) throw badData(`the tool has no table for ${group}: ${rows[0]?.join(" ") ?? ""}`);
  const at = (column: RegExp) => rows[start].findIndex((cell) => column.test(cell));
  for (const row of rows.slice(start + 1)) {
    const [topic, partition, lag] = [COLUMNS.topic, COLUMNS.partition, COLUMNS.lag].map((column) =>
      row[at(column)]
    );
    const isWanted = options.topic === "" || topic === options.topic;
    const value = numberIn(lag);
    if (!isWanted || /^(-|unknown|lag)$/i.test(lag ?? "")) continue;
    if (value === undefined || !/^\d+$/.test(partition)) {
      skipLine(unreadPart(`the table of ${group}`, row.join(" ")));
    } else {
      emit("{cluster}.{group}.{topic}.{partition}", value, cluster, group, topic, partition);
    }
  }
}
