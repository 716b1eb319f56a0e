/**
 * Graphite's plaintext protocol over TCP or UDP.
 * Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html#the-plaintext-protocol
 */

import { defineHandler } from "../core/handler.ts";
import { lineEncoder } from "../formats/graphite_line.ts";
import { graphiteOptions, openGraphite } from "../protocols/graphite.ts";

export default defineHandler({
  name: "GraphiteHandler",
  doc: "Sends metrics to Graphite's carbon, one line each",
  receipt: "transport",
  options: graphiteOptions("localhost", 2003),

  open: (context) => openGraphite(context, context.options.host, context.options, lineEncoder()),
});
