/** Source: https://openvpn.net/community-docs/community-articles/openvpn-2-6-manual.html */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { badData } from "../../core/errors.ts";
import { list, text } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { numberIn } from "../../formats/flatten.ts";
import { parseStatus } from "../../formats/openvpn_status.ts";
import type { Host } from "../../ports/host.ts";
import { Conversation } from "../../protocols/conversation.ts";
import { each } from "../../protocols/each.ts";

const options = {
  instances: list(
    ["file:///var/log/openvpn/status.log"],
    "Servers: file:///status.log or tcp://host:port of the management interface; ?name at the end",
  ),
  timeout: text("10", "Without effect: collect_timeout bounds a run"),
};
const metrics = {
  "{instance}.clients.connected": gauge("Clients"),
  "{instance}.clients.{client}.{direction}": gauge(
    "Bytes of a client since it has connected",
    0,
    "byte",
  ),
  "{instance}.global.{field}": gauge("Statistics of the server, or of a client itself", 0, {
    byte: "*_bytes",
  }),
};
type OpenVpn = Context<typeof options, typeof metrics>;

export default defineCollector({
  name: "OpenVPNCollector",
  doc: "Clients of OpenVPN, and their traffic",
  path: "openvpn",
  sources: ["/var/log/openvpn/status.log", "status"],
  systems: everySystem,
  options,
  metrics,

  async collect(context) {
    const { host, options: { instances }, signal } = context;
    await each(instances, (item) => item, async (item) => {
      const { name, ask } = instanceOf(item);
      emitStatus(context, item, name, await ask(host, signal));
    });
  },
});

interface Instance {
  readonly name: string;
  ask(host: Host, signal: AbortSignal): Promise<string>;
}

function instanceOf(item: string): Instance {
  const [, scheme, where, name] = /^(file|tcp):\/\/([^?]+)(?:\?(.+))?$/.exec(item.trim()) ?? [];
  if (scheme === "file") {
    const base = where.split("/").at(-1)!.replace(/\.[^.]*$/, "");
    return { name: name ?? base, ask: (host) => Promise.resolve(host.fs.read(where).text()) };
  }
  const [, server, port] = /^(.+):(\d+)\/?$/.exec(where ?? "") ?? [];
  if (server === undefined) {
    throw badData(`"${item}" is not an OpenVPN: write file:///status.log or tcp://host:port`);
  }
  return {
    name: name ?? server.replaceAll(".", "_"),
    ask: (host, signal) => status(host, server, Number(port), signal),
  };
}

async function status(host: Host, server: string, port: number, signal: AbortSignal) {
  using peer = await Conversation.open(host, { host: server, port }, signal);
  const greeting = await peer.line();
  if (!greeting.startsWith(">INFO:OpenVPN")) {
    throw peer.failure(`is not an OpenVPN: it says "${greeting.slice(0, 60)}"`);
  }
  await peer.send("status\r\n");
  const answer = await peer.until("\nEND");
  await peer.send("quit\r\n");
  return answer;
}

function emitStatus({ emit, skipLine }: OpenVpn, source: string, name: string, text: string): void {
  const { clients, global, unread } = parseStatus(text);
  for (const line of unread) skipLine(unreadPart(source, line));
  for (const [field, written] of global) {
    const value = numberIn(written);
    if (value === undefined) skipLine(unreadPart(source, `${field},${written}`));
    else emit("{instance}.global.{field}", value, name, fieldName(field));
  }
  if (clients === undefined) return;
  emit("{instance}.clients.connected", clients.length, name);
  for (const { name: client, received, sent } of clients) {
    const part = client.replaceAll(".", "_");
    emit("{instance}.clients.{client}.{direction}", received, name, part, "bytes_rx");
    emit("{instance}.clients.{client}.{direction}", sent, name, part, "bytes_tx");
  }
}

/** `Max bcast/mcast queue length` is max_bcast-mcast_queue_length. */
function fieldName(field: string): string {
  return field.replaceAll("/", "-").replaceAll(" ", "_").toLowerCase();
}
