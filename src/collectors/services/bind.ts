/** Source: https://bind9.readthedocs.io/en/latest/reference.html#the-statistics-channels-statement */

import { type Context, defineCollector, everySystem, gauge, rate } from "../../core/collector.ts";
import { Failure } from "../../core/errors.ts";
import { bool, integer, text, words } from "../../core/option.ts";
import { bindValuesInJson } from "../../formats/bind_json.ts";
import { bindValuesInXml } from "../../formats/bind_xml.ts";
import { parseXml } from "../../formats/xml.ts";
import { get, getJson } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  host: text("localhost", "Name or address of the statistics channel"),
  port: integer(8080, "Its port", { min: 1, max: MAX_PORT }),
  publish: words(
    ["resolver", "server", "zonemgmt", "sockets", "memory"],
    "Parts to publish: resolver server zonemgmt sockets memory",
  ),
  publish_view_bind: bool(false, "Publish the view _bind, which BIND has for itself"),
  publish_view_meta: bool(false, "Publish the view _meta"),
};
const metrics = {
  "view.{view}.zones": gauge("Zones of a view"),
  "view.{view}.{group}.{name}": rate("Queries that a view's resolver sent, results, cached names"),
  "{group}.{name}": rate("Requests, queries, answers, transfers and sockets of the server"),
  "memory.{name}": gauge("Memory of the server", 0, "byte"),
};
type Bind = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "BindCollector",
  doc: "Queries, answers, zones, sockets and memory of BIND",
  path: "bind",
  sources: ["GET /", "GET /json/v1"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { options, emit } = context;
    const hidden = [
      ...(options.publish_view_bind ? [] : ["_bind"]),
      ...(options.publish_view_meta ? [] : ["_meta"]),
    ];
    for (const { part, view, group, name, value } of await valuesOf(context)) {
      if (!options.publish.includes(part)) continue;
      if (view === undefined && part === "memory") emit("memory.{name}", value, name);
      else if (view === undefined) emit("{group}.{name}", value, group, name);
      else if (hidden.includes(view)) continue;
      else if (group === "zones") emit("view.{view}.zones", value, view);
      else emit("view.{view}.{group}.{name}", value, view, group, name);
    }
  },
});

const MAX_BYTES = 64 * 1024 * 1024;

/** A server that was built without XML may have JSON. */
async function valuesOf({ host, options, signal }: Bind) {
  const base = baseUrl(false, options.host, options.port);
  try {
    const { body } = await get(host, `${base}/`, signal, { maxBytes: MAX_BYTES });
    // Of zones only the number is published, and a server may have a hundred thousand.
    return bindValuesInXml(parseXml(body, base, "zone"), base);
  } catch (error) {
    if (!(error instanceof Failure && error.status === 404)) throw error;
    return bindValuesInJson(await getJson(host, `${base}/json/v1`, signal));
  }
}
