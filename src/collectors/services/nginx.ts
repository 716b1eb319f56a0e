/** Source: https://nginx.org/en/docs/http/ngx_http_stub_status_module.html, and NGINX Plus' status in JSON. */

import { excerpt } from "../../core/visible.ts";
import {
  type Context,
  counter,
  defineCollector,
  everySystem,
  gauge,
} from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { bool, integer, text, type Values } from "../../core/option.ts";
import { dotless, flatten } from "../../formats/flatten.ts";
import { parseJson } from "../../formats/json.ts";
import { get } from "../../protocols/http_get.ts";
import { baseUrl } from "../../protocols/http_post.ts";
import { MAX_PORT } from "../../protocols/servers.ts";
import { trusting, trustOptions } from "../../protocols/tls.ts";

const options = {
  req_host: text("localhost", "Name or address of the server"),
  req_port: integer(8080, "Its port", { min: 1, max: MAX_PORT }),
  req_path: text("/nginx_status", "Path of the status page"),
  req_ssl: bool(false, "Ask by https"),
  ...trustOptions,
  req_host_header: text("", "The header Host, where it is not req_host"),
  precision: integer(0, "Decimals of stub_status' values", { min: 0, max: 20 }),
};

const metrics = {
  active_connections: gauge("Open connections, with idle ones"),
  conn_accepted: counter("Connections accepted"),
  conn_handled: counter("Connections handled"),
  req_handled: counter("Requests handled"),
  req_per_conn: gauge("Requests per connection since the start"),
  act_reads: gauge("Connections whose request is being read"),
  act_writes: gauge("Connections whose answer is being written"),
  act_waits: gauge("Idle connections"),
  "{group}.{gauge}": gauge("NGINX Plus: connections, keepalive and the like, now"),
  "{group}.{counter}": counter("NGINX Plus: requests, bytes, answers and failures", 0, {
    unit: { "byte/s": "received sent" },
  }),
};

type Nginx = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "NginxCollector",
  doc: "Connections and requests of nginx, from stub_status or from NGINX Plus",
  path: "nginx",
  sources: ["GET /nginx_status"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { headers, body } = await get(context.host, urlOf(context.options), context.signal, {
      headers: headersOf(context.options),
      ...trusting(context.options),
    });
    if (headers["content-type"]?.startsWith("application/json")) emitPlus(context, body);
    else emitStub(context, body);
  },
});

function urlOf({ req_ssl, req_host, req_port, req_path }: Values<typeof options>): string {
  return baseUrl(req_ssl, req_host, req_port) + req_path;
}

function headersOf({ req_host_header: host }: Values<typeof options>): Record<string, string> {
  return host === "" ? {} : { host };
}

/** The seven numbers of the page, in its order. */
function emitStub({ emit, options: { precision } }: Nginx, page: string): void {
  const numbers = page.match(/\d+/g)?.map(Number) ?? [];
  if (!page.startsWith("Active connections") || numbers.length < 7) {
    throw badData(`"${excerpt(page, 80)}" is not a page of stub_status`);
  }
  const [active, accepted, handled, requests, reading, writing, waiting] = numbers;
  emit("active_connections", active, { precision });
  emit("conn_accepted", accepted, { precision });
  emit("conn_handled", handled, { precision });
  emit("req_handled", requests, { precision });
  if (handled > 0) emit("req_per_conn", requests / handled, { precision });
  emit("act_reads", reading, { precision });
  emit("act_writes", writing, { precision });
  emit("act_waits", waiting, { precision });
}

const COUNTERS =
  /\.(accepted|dropped|total|requests|discarded|received|sent|fails|unavail|downtime|handshakes|session_reuses|handshakes_failed|responses\.\w+)$/;

function emitPlus({ emit }: Nginx, page: string): void {
  for (const [group, values] of groupsOf(parseJson(page, "NGINX Plus"))) {
    flatten(values, (name, value) => {
      const isCounter = COUNTERS.test(`.${name}`);
      if (isCounter) emit("{group}.{counter}", value, group, name);
      else if (/^(active|idle|current|processing|keepalive|max_conns)$/.test(name)) {
        emit("{group}.{gauge}", value, group, name);
      }
    });
  }
}

// deno-lint-ignore no-explicit-any
function* groupsOf(status: any): Generator<[group: string, values: unknown]> {
  yield ["conn", status.connections];
  yield ["req", status.requests];
  yield ["ssl", status.ssl];
  for (const [zone, values] of Object.entries(status.server_zones ?? {})) {
    yield [`servers.${dotless(zone)}`, values];
  }
  // deno-lint-ignore no-explicit-any
  for (const [name, upstream] of Object.entries<any>(status.upstreams ?? {})) {
    const group = `upstreams.${dotless(name)}`;
    yield [group, { keepalive: upstream.keepalive }];
    for (const peer of upstream.peers ?? []) {
      yield [`${group}.peers.${dotless(String(peer.server)).replaceAll(":", "-")}`, peer];
    }
  }
}
