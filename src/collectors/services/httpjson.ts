/** Numbers of any JSON that a web server gives. */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { list, text } from "../../core/option.ts";
import { flatten } from "../../formats/flatten.ts";
import { headersOf } from "../../formats/http_headers.ts";
import { getJson } from "../../protocols/http_get.ts";

export default defineCollector({
  name: "HTTPJSONCollector",
  doc: "Every number of a JSON document, by its path in it",
  path: "httpjson",
  sources: ["GET URL"],
  systems: everySystem,
  options: {
    url: text("http://localhost/stat", "The document"),
    headers: list(["User-Agent: Diamond HTTP collector"], "More headers, such as X-Scope: me"),
  },
  // Diamond's names begin with an empty node.
  metrics: { ".{field}": gauge("A number of the document; true is 1") },

  async collect({ host, options: { url, headers }, emit, signal }) {
    const sent = { "content-type": "application/json", ...headersOf(headers) };
    const document = await getJson(host, url, signal, { headers: sent, redirects: 10 });
    flatten(document, (name, value) => emit(".{field}", value, name), { booleans: true });
  },
});
