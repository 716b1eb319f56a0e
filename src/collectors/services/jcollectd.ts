/** Source: https://collectd.org/wiki/index.php/Binary_protocol, and jcollectd, a Java agent that speaks it */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { integer, text } from "../../core/option.ts";
import { unreadPart } from "../../core/unread_lines.ts";
import { type CollectdValue, parseCollectd } from "../../formats/collectd.ts";
import type { Host } from "../../ports/host.ts";
import type { Inbox } from "../../ports/net.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  listener_host: text("127.0.0.1", "The address to take datagrams at"),
  listener_port: integer(25826, "Its port", { min: 1, max: MAX_PORT }),
};
const metrics = {
  "{prefix}.{host}.{collector}.{name}": gauge(
    "A value of a Java program, by its own host",
  ),
};
type JCollectd = Context<typeof options, typeof metrics, Listener>;

/** What comes between two runs waits in it. */
class Listener implements Disposable {
  #inbox: Inbox | undefined;

  async open({ net }: Host, host: string, port: number): Promise<Inbox> {
    return this.#inbox ??= await net.inbox({ host, port });
  }

  [Symbol.dispose](): void {
    this.#inbox?.[Symbol.dispose]();
  }
}

export default defineCollector({
  name: "JCollectdCollector",
  doc: "Values that Java programs send by collectd's protocol",
  path: "jvm",
  sources: ["UDP port 25826"],
  systems: everySystem,
  options,
  metrics,
  prepare: () => new Listener(),

  async collect(context) {
    const { host, options: { listener_host, listener_port }, state, skipLine, log } = context;
    const inbox = await state.open(host, listener_host, listener_port);
    const { datagrams, dropped } = inbox.take();
    if (dropped > 0) log.warn(`${dropped} datagrams came in too fast, and were dropped`);
    const last = new Map<string, CollectdValue>();
    for (const datagram of datagrams) {
      const { values, whole } = parseCollectd(datagram);
      // Programs send more often than a run comes: the last value counts.
      for (const value of values) last.set(`${value.host} ${nameOf(value)}`, value);
      if (!whole) {
        const bytes = [...datagram.subarray(0, 16)].map((byte) => byte.toString(16)).join(" ");
        skipLine(unreadPart("a datagram", `${datagram.length} bytes: ${bytes} …`));
      }
    }
    for (const value of last.values()) emitValue(context, value);
  },
});

function emitValue({ emit, options }: JCollectd, one: CollectdValue): void {
  const { host, value } = one;
  const name = nameOf(one);
  if (value === undefined || host === "" || name === "") return;
  const { path_prefix: prefix, path_suffix: suffix, path } = options;
  const whole = suffix === "" ? name : `${name}.${suffix}`;
  emit("{prefix}.{host}.{collector}.{name}", value, prefix, host, path, whole, {
    path: true,
    host,
  });
}

/** `logstash-MemoryPool Eden Space` of java_lang is logstash.java_lang.MemoryPool.Eden_Space. */
function nameOf({ plugin, pluginInstance, typeInstance }: CollectdValue): string {
  const dash = pluginInstance.indexOf("-");
  const [jvm, rest] = dash < 0
    ? ["unnamed", pluginInstance]
    : [pluginInstance.slice(0, dash), pluginInstance.slice(dash + 1)];
  const blank = rest.indexOf(" ");
  const inner = blank < 0 ? [rest] : [rest.slice(0, blank), rest.slice(blank + 1)];
  return [jvm, plugin, ...inner, typeInstance].map(cleaned).filter((part) => part !== "").join(".");
}

function cleaned(part: string): string {
  return part.replace(/[^\w-]+/g, "_").replace(/__+/g, "_").replace(/^_+|_+$/g, "");
}
