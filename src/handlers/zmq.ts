/** ZeroMQ: publishes to whoever subscribes, a message for each metric. */

import { defineHandler } from "../core/handler.ts";
import { messageOf } from "../core/errors.ts";
import { choice, integer, text } from "../core/option.ts";
import { graphiteLine } from "../formats/graphite_line.ts";
import { greeting, messageFrame, ready, SubscriberReader } from "../formats/zmtp.ts";
import type { Listener } from "../ports/http.ts";
import type { Peer } from "../ports/net.ts";

/** Bytes that may wait for a subscriber who does not read; what is over it, that subscriber misses. */
const MAX_WAITING = 4 * 1024 * 1024;
const MAX_SUBSCRIBERS = 256;

export default defineHandler({
  name: "zmqHandler",
  doc: "Publishes metrics by ZeroMQ to whoever subscribes",
  receipt: "none",
  options: {
    host: text("0.0.0.0", "Address to publish at; 127.0.0.1 for this machine only"),
    port: integer(1234, "Port to publish at", { min: 1, max: 65_535 }),
    spool: choice(
      "off",
      ["off"],
      "Who is not there misses what is published, so nothing is spooled",
    ),
  },

  open({ host, options, log }) {
    const subscribers = new Map<Peer, SubscriberReader>();
    let listener: Listener | undefined;
    let missed = 0;

    function welcome(peer: Peer) {
      const reader = new SubscriberReader();
      if (subscribers.size >= MAX_SUBSCRIBERS) peer.close();
      else subscribers.set(peer, reader);
      peer.send(greeting());
      let isAnswered = false;
      return {
        data(bytes: Uint8Array) {
          try {
            reader.push(bytes);
            if (!isAnswered && reader.isGreeted) peer.send(ready("PUB"));
            isAnswered ||= reader.isGreeted;
          } catch (error) {
            log.debug(`zmqHandler: ${peer.name} is let go: ${messageOf(error)}`);
            peer.close();
          }
        },
        closed: () => void subscribers.delete(peer),
      };
    }

    function publish(lines: readonly string[]): void {
      for (const [peer, reader] of subscribers) {
        if (!reader.isReady) continue;
        const wanted = lines.filter((line) => reader.wants(line));
        if (peer.waiting <= MAX_WAITING) peer.send(joined(wanted.map(messageFrame)));
        else missed += wanted.length;
      }
      if (missed === 0) return;
      log.debug(`zmqHandler: subscribers who do not read have missed ${missed} messages`);
      missed = 0;
    }

    return {
      async write(batch) {
        listener ??= await host.net.serve({ host: options.host, port: options.port }, welcome);
        if (subscribers.size > 0) publish(batch.map(graphiteLine));
      },
      async [Symbol.asyncDispose]() {
        for (const peer of subscribers.keys()) peer.close();
        await listener?.close();
      },
    };
  },
});

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
