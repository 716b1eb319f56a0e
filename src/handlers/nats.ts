/** NATS JetStream: a message for each metric, which a stream keeps once, however often it comes. */

import { defineHandler } from "../core/handler.ts";
import { integer, number, secret, text } from "../core/option.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { brokerSink } from "../protocols/broker_sink.ts";
import { tlsOptions, tlsSettings } from "../protocols/tls.ts";

export default defineHandler({
  name: "NatsHandler",
  doc: "Publishes metrics to a stream of NATS JetStream",
  receipt: "application",
  options: {
    host: text("localhost", "Name or address of the server"),
    port: integer(4222, "Its port", { min: 1, max: 65_535 }),
    prefix: text("", "What subjects begin with; a stream has to take them"),
    user: text("", "User to log in as"),
    password: secret("", "The user's password"),
    token: secret("", "Token to log in by"),
    credentials: text("", "File with a user's token and key, as nsc makes them"),
    timeout: number(15, "Seconds that a connect or a write may take", { min: 0.1 }),
    ...tlsOptions,
  },

  open({ host, options }) {
    const { port, user, password, token, credentials } = options;
    const target = {
      host: options.host,
      port,
      ...(options.tls && { tls: tlsSettings(options) }),
    };
    const settings = { target, user, password, token, credentials };
    const prefix = options.prefix.replace(/\.*$/, options.prefix === "" ? "" : ".");
    return brokerSink(
      (_, signal) => host.brokers.nats(settings, signal),
      (metric) => {
        const text = graphiteLine(metric).trimEnd();
        // With the value: an agent that starts again may collect within the same second again.
        return { topic: prefix + subjectOf(metric.series.path), text, id: text };
      },
    );
  },
});

/** `*` and `>` are what subscribers ask for. */
function subjectOf(path: string): string {
  return path.replace(/[\s*>]/g, "_");
}
