/** Numbers of any JSON that a web server gives. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { headers, url } from "../../core/option.ts";
import { flatten } from "../../formats/flatten.ts";
import { headersOf } from "../../formats/http_headers.ts";
import { getJson } from "../../protocols/http_get.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

export default defineCollector({
  name: "HTTPJSONCollector",
  doc: "Every number of a JSON document, by its path in it",
  path: "httpjson",
  sources: ["GET URL"],
  systems: everySystem,
  options: {
    url: url("http://localhost/stat", "The document"),
    ...trustOptions,
    headers: headers(["User-Agent: Diamond HTTP collector"], "More headers, such as X-Scope: me"),
  },
  // Diamond's names begin with an empty node.
  metrics: { ".{field}": gauge("A number of the document; true is 1") },

  async collect({ host, options, emit, signal }) {
    const sent = { "content-type": "application/json", ...headersOf(options.headers) };
    const document = await getJson(host, options.url, signal, {
      headers: sent,
      redirects: 10,
      ...trusting(options),
    });
    flatten(document, (name, value) => emit(".{field}", value, name), { booleans: true });
  },
});
