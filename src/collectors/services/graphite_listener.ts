/** Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html */

import { type CommonValues, defineCollector, everySystem, gauge } from "../../core/collector.ts";
import { choice, integer, matchesAny, text, type Values } from "../../core/option.ts";
import { type UnreadLine, unreadPart } from "../../core/unread_lines.ts";
import { eachLine, LineCutter } from "../../formats/byte_lines.ts";
import { parseSentLine, type SentPoint } from "../../formats/graphite_points.ts";
import type { Host } from "../../ports/host.ts";
import type { Listener } from "../../ports/http.ts";
import type { Inbox, Peer } from "../../ports/net.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  listener_host: text("127.0.0.1", "The address to take lines at"),
  listener_port: integer(2003, "Its port", { min: 1, max: MAX_PORT }),
  transport: choice("both", ["both", "tcp", "udp"], "What is listened to"),
  max_connections: integer(100, "Connections at a time; more are closed", { min: 1 }),
  max_points: integer(50_000, "Points of an interval; more are left out, counted", { min: 1 }),
  max_names: integer(10_000, "Names at most; those that are over it are left out, counted", {
    min: 1,
  }),
  precision: integer(6, "Decimals", { min: 0, max: 20 }),
};
const metrics = {
  "{prefix}.{name}": gauge("A point as it came, with its own path and time", 6),
  "listener.points": gauge("Points that were taken in the interval"),
  "listener.unreadable": gauge("Lines that could not be read"),
  "listener.left_out": gauge(
    "Points over max_points or max_names, and connections that were closed",
  ),
};

/** Names that were not there for this many intervals make room. */
const FORGET_AFTER = 60;
/** Bytes of a line: a longer one is not Graphite's. */
const MAX_LINE = 512;

/** What comes between two runs waits in it. */
class Receiver implements Disposable {
  points: SentPoint[] = [];
  unreadable = 0;
  unread: UnreadLine | undefined;
  leftOut = 0;
  /** The limit, and the first that was over it. */
  crowd: string | undefined;
  readonly #options: Values<typeof options> & CommonValues;
  /** The last interval of each name. */
  readonly #names = new Map<string, number>();
  readonly #peers = new Set<Peer>();
  #interval = 0;
  #inbox: Inbox | undefined;
  #server: Listener | undefined;

  constructor(limits: Values<typeof options> & CommonValues) {
    this.#options = limits;
  }

  async open({ net }: Host): Promise<void> {
    const { listener_host: host, listener_port: port, transport } = this.#options;
    if (transport !== "udp") {
      this.#server ??= await net.serve({ host, port }, (peer) => this.#accept(peer));
    }
    if (transport === "tcp") return;
    const take = (line: string, isWhole: boolean) => this.#take(line, isWhole);
    this.#inbox ??= await net.inbox(
      { host, port },
      (datagram) => eachLine(datagram, MAX_LINE, take),
    );
    this.#inbox.take();
  }

  flush(): void {
    this.points = [];
    this.unreadable = this.leftOut = 0;
    this.unread = this.crowd = undefined;
    this.#interval++;
    for (const [name, seen] of this.#names) {
      if (seen <= this.#interval - FORGET_AFTER) this.#names.delete(name);
    }
  }

  [Symbol.dispose](): void {
    this.#inbox?.[Symbol.dispose]();
    void this.#server?.close();
    for (const peer of this.#peers) peer.close();
  }

  #accept(peer: Peer): { data(bytes: Uint8Array): void; closed(): void } {
    const closed = () => void this.#peers.delete(peer);
    if (this.#peers.size >= this.#options.max_connections) {
      this.#leaveOut("max_connections", `the connection of ${peer.name}`);
      peer.close();
      return { data() {}, closed };
    }
    this.#peers.add(peer);
    const cutter = new LineCutter(MAX_LINE);
    let isOpen = true;
    const data = (bytes: Uint8Array) => {
      if (!isOpen) return;
      isOpen = cutter.cut(bytes, (line, isWhole) => this.#take(line, isWhole));
      if (isOpen) return;
      this.#refuse(`a line without end of ${peer.name}`);
      peer.close();
    };
    return { data, closed };
  }

  #take(line: string, isWhole: boolean): void {
    const point = isWhole ? parseSentLine(line) : undefined;
    if (point === undefined) return this.#refuse(line);
    const { max_points, max_names, metrics_whitelist: white, metrics_blacklist: black } =
      this.#options;
    if (white.compiled.length > 0 && !matchesAny(white, point.path)) return;
    if (matchesAny(black, point.path)) return;
    if (this.points.length >= max_points) return this.#leaveOut("max_points", point.path);
    if (!this.#names.has(point.path) && this.#names.size >= max_names) {
      return this.#leaveOut("max_names", point.path);
    }
    this.#names.set(point.path, this.#interval);
    this.points.push(point);
  }

  #refuse(line: string): void {
    this.unreadable++;
    this.unread ??= unreadPart("what came", line);
  }

  #leaveOut(limit: "max_connections" | "max_names" | "max_points", what: string): void {
    this.leftOut++;
    this.crowd ??= `more than ${limit} = ${this.#options[limit]}, with "${what}"`;
  }
}

export default defineCollector({
  name: "GraphiteListenerCollector",
  doc: "Graphite's lines that programs send, by TCP or UDP: published as they came",
  path: "graphite",
  sources: ["TCP and UDP port 2003"],
  systems: everySystem,
  options,
  metrics,
  prepare: (values) => new Receiver(values),

  async collect(context) {
    const { host, emit, options: { precision }, state, skipLine, leaveOut } = context;
    await state.open(host);
    const { points, unreadable, leftOut, crowd, unread } = state;
    for (const { path, value, time } of points) {
      const dot = path.indexOf(".");
      const [prefix, name] = dot < 1 ? ["", path] : [path.slice(0, dot), path.slice(dot + 1)];
      emit("{prefix}.{name}", value, prefix, name, { path: true, timestamp: time, precision });
    }
    emit("listener.points", points.length);
    emit("listener.unreadable", unreadable);
    emit("listener.left_out", leftOut);
    if (unread !== undefined) skipLine(unread);
    if (crowd !== undefined) leaveOut(leftOut, crowd);
    state.flush();
  },
});
