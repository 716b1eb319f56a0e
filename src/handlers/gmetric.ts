/** Ganglia: to a gmond by UDP, as its gmetric does. */

import { defineHandler } from "../core/handler.ts";
import { choice, integer, text } from "../core/option.ts";
import { gmetricDatagrams } from "../formats/gmetric.ts";
import { openDatagrams } from "../protocols/datagrams.ts";

/** Routers that a multicast may pass. */
const HOPS = 20;

export default defineHandler({
  name: "GmetricHandler",
  doc: "Sends metrics to Ganglia's gmond",
  receipt: "none",
  options: {
    host: text("localhost", "Name or address of the gmond, or a multicast address"),
    port: integer(8651, "Its port; gmond's own default is 8649", { min: 1, max: 65_535 }),
    protocol: choice("udp", ["udp", "multicast"], "With multicast, datagrams may pass routers"),
    group: text("", "Ganglia's group of the metrics"),
  },

  open({ host, options }) {
    const { port, protocol, group } = options;
    const target = {
      host: options.host,
      port,
      ...(protocol === "multicast" && { hops: HOPS }),
    };
    const { send, close } = openDatagrams(host, target, Infinity);
    return {
      async write(batch, signal) {
        for (const metric of batch) {
          for (const datagram of gmetricDatagrams(metric, group)) await send(datagram, signal);
        }
      },
      [Symbol.asyncDispose]: close,
    };
  },
});
