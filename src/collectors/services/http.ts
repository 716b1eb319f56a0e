/** How long web pages take, and how large they are. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { list, text } from "../../core/option.ts";
import { headersOf } from "../../formats/http_headers.ts";
import { each } from "../../protocols/each.ts";
import { get } from "../../protocols/http_get.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const REDIRECTS = 10;
const MICROSECONDS = 1000;

export default defineCollector({
  name: "HttpCollector",
  doc: "How long pages take to load, and how large they are",
  path: "http",
  sources: ["GET URL"],
  systems: everySystem,
  options: {
    req_url: list(["http://localhost/"], "The pages"),
    ...trustOptions,
    req_vhost: text("", "The header Host, where it is not the URL's"),
    headers: list(["User-Agent: Diamond HTTP collector"], "More headers, such as X-Scope: me"),
  },
  metrics: {
    "{page}.time": gauge("Time to load all of it", 0, "us"),
    "{page}.size": gauge("Size of the body", 0, "byte"),
  },

  async collect({ host, options, emit, signal }) {
    const { req_url, req_vhost, headers } = options;
    const sent = { ...headersOf(headers), ...(req_vhost !== "" && { host: req_vhost }) };
    await each(req_url, (url) => url, async (url) => {
      const started = host.clock.monotonic();
      const { body } = await get(host, url, signal, {
        headers: sent,
        redirects: REDIRECTS,
        ...trusting(options),
      });
      const name = nameOf(url);
      emit("{page}.time", (host.clock.monotonic() - started) * MICROSECONDS, name);
      emit("{page}.size", new TextEncoder().encode(body).length, name);
    });
  },
});

function nameOf(url: string): string {
  return url.replace(/[/.]/g, "_").replace(/[\\:]/g, "") || "root";
}
