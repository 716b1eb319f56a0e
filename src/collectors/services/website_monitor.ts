/** How long a web site takes to answer, by the status of its answer. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { needed, text } from "../../core/option.ts";

const REDIRECTS = 10;
const MAX_BYTES = 16 * 1024 * 1024;

export default defineCollector({
  name: "WebsiteMonitorCollector",
  doc: "How long a web site takes to answer, by the status of its answer",
  path: "websitemonitor",
  sources: ["GET URL"],
  systems: everySystem,
  options: { URL: needed(text("", "The page")) },
  metrics: { "response_time.{status}": gauge("Time until the answer", 0, "ms") },

  async collect({ host, options: { URL: url }, emit, signal }) {
    const started = host.clock.monotonic();
    const { status } = await host.net.request({
      method: "GET",
      url,
      headers: {},
      redirects: REDIRECTS,
      maxBytes: MAX_BYTES,
    }, signal);
    emit("response_time.{status}", Math.trunc(host.clock.monotonic() - started), String(status));
  },
});
