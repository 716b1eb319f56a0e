/** Riemann: events by its own protocol. Source: https://riemann.io/howto.html#write-a-client */

import { refused } from "../core/errors.ts";
import { defineHandler, type HandlerContext, type Sink } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { choice, integer, needed, number, text } from "../core/option.ts";
import type { Conversation } from "../protocols/conversation.ts";
import { openDatagrams } from "../protocols/datagrams.ts";
import { keepConversation } from "../protocols/kept_conversation.ts";
import { tlsOptions, tlsSettings } from "../protocols/tls.ts";
import type { RiemannCodec, RiemannEvent } from "../ports/riemann.ts";

/** Events in a datagram: it has to fit an Ethernet frame. */
const EVENTS_IN_DATAGRAM = 8;
const LENGTH_BYTES = 4;

const options = {
  host: needed(text("", "Name or address of the server")),
  port: integer(123, "Its port; Riemann's own default is 5555", { min: 1, max: 65_535 }),
  transport: choice("tcp", ["tcp", "udp"], "tcp, which is answered, or udp, which is not"),
  timeout: number(5, "Seconds that a connect or a write may take", { min: 0.1 }),
  ...tlsOptions,
};

export default defineHandler({
  name: "RiemannHandler",
  doc: "Sends metrics to Riemann",
  receipt: "application",
  options,
  open: (context) => context.options.transport === "udp" ? byUdp(context) : byTcp(context),
});

type Context = HandlerContext<typeof options>;

function byTcp({ host, options }: Context): Sink {
  const { port, tls } = options;
  const target = { host: options.host, port, ...(tls && { tls: tlsSettings(options) }) };
  const { talk, close } = keepConversation(host, target);
  return {
    async write(batch, signal) {
      const codec = await host.codecs.riemann();
      const message = framed(codec.encode(batch.map(eventOf)));
      await talk(signal, async (peer) => {
        await peer.send(message);
        await readAnswer(peer, codec);
      });
    },
    [Symbol.asyncDispose]: close,
  };
}

function byUdp({ host, options }: Context): Sink {
  const { send, close } = openDatagrams(host, { host: options.host, port: options.port }, Infinity);
  return {
    async write(batch, signal) {
      const codec = await host.codecs.riemann();
      for (let from = 0; from < batch.length; from += EVENTS_IN_DATAGRAM) {
        const part = batch.slice(from, from + EVENTS_IN_DATAGRAM);
        await send(codec.encode(part.map(eventOf)), signal);
      }
    },
    [Symbol.asyncDispose]: close,
  };
}

function eventOf({ series, value, timestamp }: Metric): RiemannEvent {
  const { prefix, collector, name, host, ttl } = series;
  const service = [prefix, collector, name].filter((part) => part !== "").join(".");
  return { time: timestamp, service, host, ttl, metric: value };
}

/** After its length in four bytes, the highest first. */
function framed(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + message.length);
  new DataView(bytes.buffer).setUint32(0, message.length);
  bytes.set(message, LENGTH_BYTES);
  return bytes;
}

async function readAnswer(peer: Conversation, codec: RiemannCodec): Promise<void> {
  const head = await peer.bytes(LENGTH_BYTES);
  const length = new DataView(head.buffer, head.byteOffset).getUint32(0);
  const { ok, error } = decoded(peer, codec, await peer.bytes(length));
  if (!ok) throw refused(`Riemann says: ${error || "no"}`);
}

function decoded(peer: Conversation, codec: RiemannCodec, bytes: Uint8Array) {
  try {
    return codec.decode(bytes);
  } catch {
    throw peer.failure("does not speak Riemann's protocol");
  }
}
