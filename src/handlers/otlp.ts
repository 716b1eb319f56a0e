/**
 * OpenTelemetry's protocol over HTTP, in JSON.
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */

import { defineHandler } from "../core/handler.ts";
import { list, url } from "../core/option.ts";
import { metricsRequest, parseAttributes, rejectedCount } from "../formats/otlp.ts";
import { headerOptions, ownHeaders, post, postOptions } from "../protocols/http_post.ts";

export default defineHandler({
  name: "OTLPHandler",
  doc: "Sends metrics to an OpenTelemetry collector, or to what speaks its protocol",
  receipt: "application",
  options: {
    url: url("http://localhost:4318/v1/metrics", "Where to post to, http or https"),
    attributes: list([], "Attributes of the resource, such as deployment.environment=production"),
    ...headerOptions,
    ...postOptions(6),
  },

  open({ host, options }) {
    const headers = ownHeaders(options);
    const attributes = parseAttributes(options.attributes);
    return {
      async write(batch, signal) {
        await post(host, options, {
          url: options.url,
          type: "application/json",
          body: JSON.stringify(metricsRequest(batch, attributes)),
          headers,
          rejected: rejectedCount,
        }, signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  },
});
