/** Source: https://www.php.net/manual/en/fpm.status.php */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, text } from "../../core/option.ts";
import { wordsOf } from "../../core/words.ts";
import { flatten } from "../../formats/flatten.ts";
import { getJson } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const FIELDS = wordsOf(`
  accepted_conn listen_queue max_listen_queue listen_queue_len idle_processes active_processes
  total_processes max_active_processes max_children_reached slow_requests
`);

export default defineCollector({
  name: "PhpFpmCollector",
  doc: "Connections and processes of PHP-FPM, from its status page",
  path: "phpfpm",
  sources: ["GET /fpm-status?json"],
  systems: everySystem,
  options: {
    host: text("localhost", "Name or address of the web server"),
    port: integer(80, "Its port", { min: 1, max: MAX_PORT }),
    uri: text("fpm-status", "Path of the status page"),
  },
  metrics: { "{field}": gauge("A field of the status page", 0, { s: "start_since" }) },

  async collect({ host, options, emit, signal }) {
    const url = `${baseUrl(false, options.host, options.port)}/${options.uri.replace(/^\//, "")}`;
    flatten(await getJson(host, `${url}?json`, signal), (name, value) => {
      if (FIELDS.includes(name)) emit("{field}", value, name);
    }, { clean: (key) => key.replaceAll(" ", "_") });
  },
});
