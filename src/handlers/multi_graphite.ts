/** Lines to several carbons, each with a queue of its own: a dead one delays no other. */

import { defineHandler } from "../core/handler.ts";
import { list } from "../core/option.ts";
import { lineEncoder } from "../formats/graphite_line.ts";
import { connectionOptions, openGraphite, perHost } from "../protocols/graphite.ts";

export default defineHandler({
  name: "MultiGraphiteHandler",
  doc: "Sends metrics to several of Graphite's carbons, one line each",
  receipt: "transport",
  options: {
    host: list(["localhost"], "Names or addresses, each may have a :port"),
    ...connectionOptions(2003),
  },

  expand: perHost,
  open: (context) => openGraphite(context, context.options.host[0], context.options, lineEncoder()),
});
