/** Kafka: a message for each metric, which its brokers keep once while the agent runs, however often it is sent. */

import { configError } from "../core/errors.ts";
import { defineHandler } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { choice, integer, list, number, type Option, secret, text } from "../core/option.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { jsonLine } from "../formats/metric_json.ts";
import { brokerSink } from "../protocols/broker_sink.ts";
import { splitAddress } from "../protocols/graphite.ts";
import { tlsOptions, tlsSettings } from "../protocols/tls.ts";

const PORT = 9092;
/** Below the million bytes that a topic takes at once by default, also with long names. */
const MAX_MESSAGES = { line: 2000, json: 1000 };

export default defineHandler({
  name: "KafkaHandler",
  doc: "Publishes metrics to a topic of Kafka",
  receipt: "application",
  options: {
    brokers: list(["localhost"], "Some brokers, host or host:port; they name all the others"),
    topic: topicName(text("diamond", "The topic, which has to be there")),
    keyed_by: choice(
      "host",
      ["host", "metric"],
      "What keeps messages together, in order: their host, or their path",
    ),
    format: choice("line", ["line", "json"], "A message: Graphite's line, or all that is known"),
    compression: integer(0, "Level of gzip for what is sent, 0: none", { min: 0, max: 9 }),
    user: text("", "User to log in as, by SASL"),
    password: secret("", "The user's password"),
    sasl_mechanism: choice(
      "PLAIN",
      ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"],
      "How to log in; PLAIN shows the password to whoever listens, without tls",
    ),
    timeout: number(15, "Seconds that a connect or a write may take", { min: 0.1 }),
    ...tlsOptions,
  },

  largest: ({ format }) => MAX_MESSAGES[format],
  open({ host, options }) {
    const { topic, user, password, sasl_mechanism: mechanism, compression, timeout } = options;
    const tls = options.tls ? { tls: tlsSettings(options) } : {};
    const targets = options.brokers.map((entry) => {
      const { name, port } = splitAddress(entry, PORT);
      return { host: name, port, ...tls };
    });
    if (targets.length === 0) throw configError("brokers needs at least one broker");
    const settings = {
      targets,
      topic,
      user,
      password,
      mechanism,
      gzip: compression,
      timeoutSeconds: timeout,
    };
    const keyOf = options.keyed_by === "metric"
      ? ({ series }: Metric) => series.path
      : ({ series }: Metric) => series.host ?? host.names.hostname();
    const textOf = options.format === "json" ? jsonLine : graphiteLine;
    return brokerSink(
      (_, signal) => host.brokers.kafka(settings, signal),
      (metric) => ({
        topic,
        key: keyOf(metric),
        text: textOf(metric).trimEnd(),
        time: metric.timestamp,
      }),
    );
  },
});

function topicName(option: Option<string>): Option<string> {
  return {
    ...option,
    parse(raw) {
      const name = option.parse(raw);
      if (/^(?!\.{1,2}$)[\w.-]{1,249}$/.test(name)) return name;
      throw configError(`"${name}" is not a topic: up to 249 letters, digits, ".", "_" and "-"`);
    },
  };
}
