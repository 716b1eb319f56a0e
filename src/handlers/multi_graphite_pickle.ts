/** Pickled batches to several carbons, each with a queue of its own: a dead one delays no other. */

import { defineHandler } from "../core/handler.ts";
import { list } from "../core/option.ts";
import { pickleFrames } from "../formats/pickle.ts";
import { connectionOptions, openGraphite, perHost, STREAMS } from "../protocols/graphite.ts";

export default defineHandler({
  name: "MultiGraphitePickleHandler",
  doc: "Sends metrics to several of Graphite's carbons in pickled batches",
  receipt: "transport",
  options: {
    host: list(["localhost"], "Names or addresses, each may have a :port"),
    ...connectionOptions(2004, STREAMS),
  },

  expand: perHost,
  open: (context) => openGraphite(context, context.options.host[0], context.options, pickleFrames),
});
