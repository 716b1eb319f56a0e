/** Riemann's messages by @bufbuild/protobuf, which is loaded when the first one is written. */

import type { RiemannCodec, RiemannEvent } from "../../ports/riemann.ts";

/** Field numbers: of Msg, and of Event. */
const MSG = { ok: 2, error: 3, events: 6 };
const EVENT = { time: 1, service: 3, host: 4, ttl: 8, double: 14, float: 15 };
/** Wire types, as a tag has them. */
const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;
const FLOAT = 5;

export async function riemannCodec(): Promise<RiemannCodec> {
  const { BinaryReader, BinaryWriter } = await import("@bufbuild/protobuf/wire");
  return {
    encode(events) {
      const message = new BinaryWriter();
      for (const event of events) {
        message.tag(MSG.events, BYTES).fork();
        writeEvent(message, event);
        message.join();
      }
      return message.finish();
    },

    decode(bytes) {
      const reader = new BinaryReader(bytes);
      const found = { ok: false, error: "" };
      while (reader.pos < reader.len) {
        const [field, type] = reader.tag();
        if (field === MSG.ok) found.ok = reader.bool();
        else if (field === MSG.error) found.error = reader.string();
        else reader.skip(type);
      }
      return found;
    },
  };
}

type Writer = import("@bufbuild/protobuf/wire").BinaryWriter;

function writeEvent(to: Writer, { time, service, host, ttl, metric }: RiemannEvent): void {
  to.tag(EVENT.time, VARINT).int64(time);
  to.tag(EVENT.service, BYTES).string(service);
  if (host !== null) to.tag(EVENT.host, BYTES).string(host);
  to.tag(EVENT.ttl, FLOAT).float(ttl);
  // Old servers know the float alone, which cannot hold large counters.
  to.tag(EVENT.double, DOUBLE).double(metric);
  if (Math.abs(metric) < MAX_FLOAT) to.tag(EVENT.float, FLOAT).float(metric);
}

const MAX_FLOAT = 3.4e38;
