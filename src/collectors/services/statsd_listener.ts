/** Source: https://github.com/statsd/statsd/blob/master/docs/metric_types.md, and DogStatsD's datagrams. */

import { type Context, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { configError } from "../../core/errors.ts";
import { bool, choice, integer, text, words } from "../../core/option.ts";
import { type UnreadLine, unreadPart } from "../../core/unread_lines.ts";
import { eachLine } from "../../formats/byte_lines.ts";
import { addFlood } from "../../formats/datagrams.ts";
import { parseStatsd } from "../../formats/statsd_samples.ts";
import { StatsdTotals, type Timer, upper } from "../../formats/statsd_totals.ts";
import type { Host } from "../../ports/host.ts";
import type { Inbox } from "../../ports/net.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  listener_host: text("127.0.0.1", "The address to take datagrams at"),
  listener_port: integer(8125, "Its port; 0: none", { min: 0, max: MAX_PORT }),
  listener_socket: text("", "The path of a unix socket to take datagrams at as well"),
  socket_mode: choice("666", ["600", "660", "666"], "Who may send to it, as for chmod"),
  max_names: integer(5000, "Names at most; those that are over it are left out, counted", {
    min: 1,
  }),
  tags: choice("append", ["append", "drop"], "append: .tag.value behind the name, tags in order"),
  percentiles: words(["95", "99"], "Percentiles of timers, as upper_95"),
  delete_idle: bool(
    true,
    "Publish only what came; False: gauges again, counters as 0, for 60 intervals",
  ),
};
const metrics = {
  "counters.{name}.count": gauge("What a counter grew by in the interval", 3),
  "counters.{name}.rate": gauge("The same, per second", 3),
  "gauges.{name}": gauge("The last value of a gauge", 3),
  "sets.{name}.count": gauge("Different members of a set"),
  "timers.{name}.{statistic}": gauge(
    "Of a timer or histogram: count, count_ps, lower, mean, upper, sum, median and percentiles",
    3,
  ),
  "listener.samples": gauge("Samples that came in the interval, with those that were left out"),
  "listener.unreadable": gauge("Lines that could not be read"),
  "listener.left_out": gauge(
    "Samples over max_names, or over 200,000 members of sets, and datagrams of a flood",
  ),
};
type Statsd = Context<typeof options, typeof metrics, Receiver>;

/** Bytes of a line; clients pack several values into one. */
const MAX_LINE = 1500;

/** Adds up what comes between two runs, as it comes: nothing waits. */
class Receiver implements Disposable {
  readonly totals: StatsdTotals;
  samples = 0;
  unreadable = 0;
  /** The first of them. */
  unread: UnreadLine | undefined;
  readonly #withTags: boolean;
  readonly #inboxes: Inbox[] = [];

  constructor(maxNames: number, withTags: boolean) {
    this.totals = new StatsdTotals(maxNames);
    this.#withTags = withTags;
  }

  /** Opens those that are not open yet, and takes what a recording has of them. */
  async open({ net }: Host, places: readonly Parameters<Host["net"]["inbox"]>[0][]): Promise<void> {
    for (const place of places.slice(this.#inboxes.length)) {
      this.#inboxes.push(await net.inbox(place, (datagram) => this.#take(datagram)));
    }
    for (const inbox of this.#inboxes) addFlood(this.totals, inbox.take().dropped);
  }

  flush(): void {
    this.totals.flush();
    this.samples = this.unreadable = 0;
    this.unread = undefined;
  }

  [Symbol.dispose](): void {
    for (const inbox of this.#inboxes) inbox[Symbol.dispose]();
  }

  #take(datagram: Uint8Array): void {
    eachLine(datagram, MAX_LINE, (line, isWhole) => {
      const samples = isWhole ? parseStatsd(line, this.#withTags) : undefined;
      if (samples === undefined) {
        this.unreadable++;
        this.unread ??= unreadPart("a datagram", line);
        return;
      }
      this.samples += samples.length;
      for (const sample of samples) this.totals.add(sample);
    });
  }
}

export default defineCollector({
  name: "StatsdListenerCollector",
  doc: "Counters, gauges, timers and sets that programs send as StatsD or DogStatsD",
  path: "statsd",
  sources: ["UDP port 8125", "a unix socket"],
  systems: everySystem,
  options,
  metrics,
  prepare({ max_names, tags, percentiles, listener_port, listener_socket }) {
    if (listener_port === 0 && listener_socket === "") {
      throw configError("listener_port = 0 needs a listener_socket: nothing is listened to");
    }

    for (const percent of percentiles) {
      if (Number(percent) > 0 && Number(percent) <= 100) continue;
      throw configError(`percentiles: "${percent}" is not a number above 0, at most 100`);
    }
    return new Receiver(max_names, tags === "append");
  },

  async collect(context) {
    const { host, options, state, skipLine, leaveOut } = context;
    await state.open(host, placesOf(options));
    const { leftOut, crowd } = state.totals;
    emitAll(context);
    if (state.unread !== undefined) skipLine(state.unread);
    if (crowd !== undefined) leaveOut(leftOut, crowd);
    state.flush();
  },
});

function placesOf(
  { listener_host: host, listener_port: port, listener_socket: path, socket_mode }:
    Statsd["options"],
) {
  return [
    ...(port === 0 ? [] : [{ host, port }]),
    ...(path === "" ? [] : [{ path, mode: parseInt(socket_mode, 8) }]),
  ];
}

function emitAll(context: Statsd): void {
  const { emit, elapsed, options: { delete_idle }, state } = context;
  const { counters, gauges, timers, sets } = state.totals;
  const isShown = (entry: { readonly seen: number }) => !delete_idle || state.totals.isNew(entry);
  for (const [name, entry] of counters) {
    if (!isShown(entry)) continue;
    emit("counters.{name}.count", entry.value, name);
    emit("counters.{name}.rate", entry.value / elapsed, name);
  }
  for (const [name, entry] of gauges) if (isShown(entry)) emit("gauges.{name}", entry.value, name);
  for (const [name, entry] of sets) {
    if (isShown(entry)) emit("sets.{name}.count", entry.value.size, name);
  }
  for (const [name, { value }] of timers) if (value.count > 0) emitTimer(context, name, value);
  emit("listener.samples", state.samples);
  emit("listener.unreadable", state.unreadable);
  emit("listener.left_out", state.totals.leftOut);
}

function emitTimer({ emit, elapsed, options }: Statsd, name: string, timer: Timer): void {
  const { count, sum, min, max, values } = timer;
  const one = (statistic: string, value: number) =>
    emit("timers.{name}.{statistic}", value, name, statistic);
  one("count", count);
  one("count_ps", count / elapsed);
  one("lower", min);
  one("mean", sum / count);
  one("upper", max);
  one("sum", sum);
  if (values.length === 0) return;
  const sorted = Float64Array.from(values).sort();
  one("median", upper(sorted, 50));
  for (const percent of options.percentiles) {
    one(`upper_${percent.replace(".", "_")}`, upper(sorted, Number(percent)));
  }
}
