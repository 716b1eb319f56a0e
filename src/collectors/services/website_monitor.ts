/** How long a web site takes to answer, by the status of its answer. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { needed, url } from "../../core/option.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const REDIRECTS = 10;
const MAX_BYTES = 16 * 1024 * 1024;

export default defineCollector({
  name: "WebsiteMonitorCollector",
  doc: "How long a web site takes to answer, by the status of its answer",
  path: "websitemonitor",
  sources: ["GET URL"],
  systems: everySystem,
  options: { URL: needed(url("", "The page")), ...trustOptions },
  metrics: { "response_time.{status}": gauge("Time until the answer", 0, "ms") },

  async collect({ host, options, emit, signal }) {
    const started = host.clock.monotonic();
    const { status } = await host.net.request({
      method: "GET",
      url: options.URL,
      ...trusting(options),
      headers: {},
      redirects: REDIRECTS,
      maxBytes: MAX_BYTES,
    }, signal);
    emit("response_time.{status}", Math.trunc(host.clock.monotonic() - started), String(status));
  },
});
