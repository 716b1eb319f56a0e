/** Source: http://supervisord.org/api.html */

import { defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData, configError } from "../../core/errors.ts";
import { choice, text, type Values } from "../../core/option.ts";
import { numberIn } from "../../formats/flatten.ts";
import { structsIn } from "../../formats/xml_rpc.ts";
import type { HttpRequest } from "../../ports/http.ts";

const METHOD = "supervisor.getAllProcessInfo";
const MAX_BYTES = 16 * 1024 * 1024;

const options = {
  xmlrpc_server_protocol: choice("unix", ["unix", "http"], "How it is asked"),
  xmlrpc_server_path: text(
    "/var/run/supervisor.sock",
    "The socket; with http host:port, or user:password@host:port",
  ),
};

export default defineCollector({
  name: "SupervisordCollector",
  doc: "State and uptime of the processes that supervisord runs",
  path: "supervisor",
  sources: [METHOD],
  systems: everySystem,
  options,
  metrics: {
    "{group}.{process}.state": gauge("Its state, as supervisord numbers it: 20 is running"),
    "{group}.{process}.uptime": gauge("How long it runs; 0 where it does not", 0, "s"),
  },

  async collect({ host, options, emit, signal }) {
    const { status, body } = await host.net.request(requestTo(options), signal);
    if (status !== 200) throw badData(`supervisord answers ${status}`);
    for (const { group, name, state, statename, now, start } of structsIn(body)) {
      const [code, to, from] = [state, now, start].map(numberIn);
      if (code !== undefined) emit("{group}.{process}.state", code, group, name);
      if (to === undefined || from === undefined) continue;
      const uptime = statename === "RUNNING" ? to - from : 0;
      emit("{group}.{process}.uptime", uptime, group, name);
    }
  },
});

/** `user:password@host:port/path` */
const ADDRESS = /^(?:([^:@/]+)(?::([^@/]*))?@)?([^/@]+)(\/.+)?\/?$/;

function requestTo(values: Values<typeof options>): HttpRequest {
  const { xmlrpc_server_protocol: protocol, xmlrpc_server_path: path } = values;
  const call = {
    method: "POST",
    headers: { "content-type": "text/xml" },
    body: new TextEncoder().encode(
      `<?xml version="1.0"?><methodCall><methodName>${METHOD}</methodName><params/></methodCall>`,
    ),
    maxBytes: MAX_BYTES,
  };
  if (protocol === "unix") return { ...call, url: "http://localhost/RPC2", socket: path };
  const [, user, password = "", address, endpoint = "/RPC2"] = ADDRESS.exec(path) ?? [];
  if (address === undefined) {
    throw configError(`"${path.replace(/.*@/s, "…@")}" is not a server: write host:port`);
  }
  const login = user === undefined
    ? undefined
    : { user: decodeURIComponent(user), password: decodeURIComponent(password) };
  return { ...call, url: `http://${address}${endpoint}`, login };
}
