/**
 * Graphite's pickle protocol over TCP: less work for carbon than lines.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-pickle-protocol
 */

import { defineHandler } from "../core/handler.ts";
import { pickleFrames } from "../formats/pickle.ts";
import { graphiteOptions, openGraphite, STREAMS } from "../protocols/graphite.ts";

export default defineHandler({
  name: "GraphitePickleHandler",
  doc: "Sends metrics to Graphite's carbon in pickled batches, values unrounded",
  receipt: "transport",
  options: graphiteOptions("localhost", 2004, STREAMS),

  open: (context) => openGraphite(context, context.options.host, context.options, pickleFrames),
});
