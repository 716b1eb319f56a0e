/** StatsD over UDP: values as gauges, counters as what they grew by. */

import { defineHandler } from "../core/handler.ts";
import { integer, needed, text } from "../core/option.ts";
import { statsdLines, statsdNames } from "../formats/statsd.ts";
import { openDatagrams } from "../protocols/datagrams.ts";

/** Fits an Ethernet frame. */
const DATAGRAM_BYTES = 1432;
/** Counters whose last values are kept: names may change from run to run. */
const MAX_COUNTERS = 100_000;
const encoder = new TextEncoder();

export default defineHandler({
  name: "StatsdHandler",
  doc: "Sends metrics to StatsD",
  receipt: "none",
  options: {
    host: needed(text("", "Name or address of the server")),
    port: integer(1234, "Its port; StatsD's own default is 8125", { min: 1, max: 65_535 }),
  },

  open({ host, options, log }) {
    const last = new Map<string, number | bigint>();
    const nameOf = statsdNames((message) => log.warn(`StatsdHandler: ${message}`));
    const { send, close } = openDatagrams(host, options, DATAGRAM_BYTES);
    return {
      async write(batch, signal) {
        const { text, counts } = statsdLines(batch, last, nameOf);
        await send(encoder.encode(text), signal);
        for (const [path, count] of counts) last.set(path, count);
        // Counters that came first are the most likely to be gone.
        for (const path of last.keys()) {
          if (last.size <= MAX_COUNTERS) break;
          last.delete(path);
        }
      },
      [Symbol.asyncDispose]: close,
    };
  },
});
