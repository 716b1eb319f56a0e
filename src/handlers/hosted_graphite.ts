/**
 * Hosted Graphite: lines whose paths begin with the key of the account.
 * Source: https://docs.hostedgraphite.com/sending-metrics/supported-protocols
 */

import { defineHandler } from "../core/handler.ts";
import { needed, secret } from "../core/option.ts";
import { lineEncoder } from "../formats/graphite_line.ts";
import { graphiteOptions, openGraphite } from "../protocols/graphite.ts";

export default defineHandler({
  name: "HostedGraphiteHandler",
  doc: "Sends metrics to Hosted Graphite",
  receipt: "transport",
  options: {
    apikey: needed(secret("", "The key of the account")),
    ...graphiteOptions("carbon.hostedgraphite.com", 2003),
  },

  open(context) {
    const { host, apikey } = context.options;
    const prefix = `${apikey.trim().toLowerCase()}.`;
    return openGraphite(context, host, context.options, lineEncoder(prefix));
  },
});
