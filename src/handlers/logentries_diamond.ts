/** Logentries' events over HTTP, one for each metric. The service is Rapid7's now; others take such events too. */

import { defineHandler } from "../core/handler.ts";
import { integer, needed, secret, url } from "../core/option.ts";
import { fixed } from "../formats/fixed.ts";
import { below, keyedPostOptions, post } from "../protocols/http_post.ts";

export default defineHandler({
  name: "LogentriesDiamondHandler",
  doc: "Sends metrics to Logentries, an event each",
  receipt: "application",
  options: {
    log_token: needed(secret("", "The log's token, which is the last part of the address")),
    url: url("https://js.logentries.com/v1/logs", "Where to post to, without the token"),
    queue_size: integer(100, "Without effect: each run is sent when it ends"),
    ...keyedPostOptions(),
  },

  largest: () => 1,
  open({ host, options }) {
    const where = below(options.url, encodeURIComponent(options.log_token));
    return {
      async write(batch, signal) {
        for (const { series, value } of batch) {
          await post(host, options, {
            url: where,
            type: "application/json",
            body: JSON.stringify({ event: { [series.path]: fixed(value, series.precision) } }),
          }, signal);
        }
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});
