/**
 * Prometheus' remote write 1.0, which Prometheus, VictoriaMetrics, Mimir and Thanos receive.
 * Source: https://prometheus.io/docs/specs/remote_write_spec/
 */

import { defineHandler } from "../core/handler.ts";
import { text, url } from "../core/option.ts";
import { timeSeries } from "../formats/remote_write.ts";
import { headerOptions, ownHeaders, post, postOptions } from "../protocols/http_post.ts";

const { compression: _, ...httpOptions } = postOptions();

export default defineHandler({
  name: "PrometheusRemoteWriteHandler",
  doc: "Sends metrics to Prometheus and its kin by remote write",
  receipt: "application",
  // What is older than a series' last sample is refused.
  ordered: true,
  options: {
    url: url("http://localhost:9090/api/v1/write", "Where to write to, http or https"),
    prefix: text("diamond", "What names begin with"),
    ...headerOptions,
    ...httpOptions,
  },

  open({ host, options }) {
    const headers = {
      ...ownHeaders(options),
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": "0.1.0",
    };
    return {
      async write(batch, signal) {
        const body = await host.codecs.remoteWrite(timeSeries(batch, options.prefix));
        const type = "application/x-protobuf";
        await post(
          host,
          { ...options, compression: 0 },
          { url: options.url, type, body, headers },
          signal,
        );
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});
