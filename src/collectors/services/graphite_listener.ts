/** Source: https://graphite.readthedocs.io/en/latest/feeding-carbon.html */

import {
  type CommonValues,
  defineCollector,
  type EmitOptions,
  everySystem,
  gauge,
} from "../../core/collector.ts";
import { configError } from "../../core/errors.ts";
import { choice, integer, matchesAny, text, type Values } from "../../core/option.ts";
import { eachLine, LineCutter } from "../../formats/byte_lines.ts";
import { addFlood } from "../../formats/datagrams.ts";
import { FrameCutter } from "../../formats/frames.ts";
import { parseSentLine, type SentPoint } from "../../formats/graphite_points.ts";
import { pickledPoints } from "../../formats/pickled_points.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Host } from "../../ports/host.ts";
import type { Listener } from "../../ports/http.ts";
import type { Inbox, Net, Peer } from "../../ports/net.ts";
import { PointIntake } from "../../protocols/point_intake.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  listener_host: text("127.0.0.1", "The address to take lines at"),
  listener_port: integer(2003, "Its port", { min: 1, max: MAX_PORT }),
  transport: choice("both", ["both", "tcp", "udp"], "What is listened to for lines"),
  pickle_port: integer(0, "The port of carbon's pickle protocol, mostly 2004; 0: none", {
    min: 0,
    max: MAX_PORT,
  }),
  max_connections: integer(100, "Connections at a time; more are closed", { min: 1 }),
  idle_timeout: integer(900, "Seconds of silence after which a connection is closed; 0: never", {
    min: 0,
  }),
  max_points: integer(50_000, "Points of an interval; more are left out, counted", { min: 1 }),
  max_names: integer(10_000, "Names at most; those that are over it are left out, counted", {
    min: 1,
  }),
  precision: integer(6, "Decimals", { min: 0, max: 20 }),
};
const metrics = {
  "{prefix}.{name}": gauge("A point as it came, with its own path and time", 6),
  "listener.points": gauge("Points that were taken in the interval"),
  "listener.repeated": gauge("Points with the path and time of another: the last one counts"),
  "listener.unreadable": gauge("Lines, pickles and their points that could not be read"),
  "listener.left_out": gauge(
    "Points over max_points or max_names, connections that were closed, and datagrams of a flood",
  ),
};

/** Bytes of a line: a longer one is not Graphite's. */
const MAX_LINE = 512;
/** Of a frame with a pickle, as carbon. */
const MAX_FRAME = 1_048_576;
/** Of frames that are not complete, of all connections. */
const MAX_HELD = 8_388_608;

/** Where there are too many connections, one makes room that is in the middle of a line, or before its first, for so long. */
const STALLED_MS = 5000;
/** The same of one that sends nothing. */
const SILENT_MS = 60_000;

/** Takes in what a peer sends. False where nothing after it can be read. */
interface Reader {
  read(bytes: Uint8Array): boolean;
  /** Bytes that wait for more. */
  readonly held: number;
}

interface Connection {
  readonly reader: Reader;
  /** It has sent a line or frame with its end. */
  hasSpoken: boolean;
  /** Since when it does so no more, in milliseconds. */
  since: number;
  close(): void;
}

/** What comes between two runs waits in it. */
class Receiver implements Disposable {
  readonly points: PointIntake;
  readonly #options: Values<typeof options> & CommonValues;
  readonly #clock: Clock;
  readonly #peers = new Map<Peer, Connection>();
  /** Lines and frames that came with their end. */
  #ends = 0;
  #inbox: Inbox | undefined;
  readonly #servers = new Map<number, Listener>();

  constructor(settings: Values<typeof options> & CommonValues, clock: Clock) {
    this.#options = settings;
    this.#clock = clock;
    this.points = new PointIntake(settings);
  }

  async open({ net }: Host): Promise<void> {
    const { listener_host: host, listener_port: port, transport, pickle_port } = this.#options;
    if (transport !== "udp") await this.#serve(net, port, () => this.#lines());
    if (pickle_port > 0) await this.#serve(net, pickle_port, () => this.#pickles());
    if (transport === "tcp") return;
    const take = (line: string, isWhole: boolean) => this.#takeLine(line, isWhole);
    this.#inbox ??= await net.inbox(
      { host, port },
      (datagram) => eachLine(datagram, MAX_LINE, take),
    );
    addFlood(this.points, this.#inbox.take().dropped);
  }

  [Symbol.dispose](): void {
    this.#inbox?.[Symbol.dispose]();
    for (const server of this.#servers.values()) void server.close();
    for (const peer of this.#peers.keys()) peer.close();
  }

  async #serve(net: Net, port: number, reader: () => Reader): Promise<void> {
    if (this.#servers.has(port)) return;
    const { listener_host: host, idle_timeout: idleSeconds } = this.#options;
    const at = { host, port, idleSeconds };
    this.#servers.set(port, await net.serve(at, (peer) => this.#accept(peer, reader())));
  }

  #accept(peer: Peer, reader: Reader): { data(bytes: Uint8Array): void; closed(): void } {
    const { max_connections } = this.#options;
    const closed = () => void this.#peers.delete(peer);
    if (this.#peers.size >= max_connections) this.#makeRoom();
    if (this.#peers.size >= max_connections) {
      this.#leaveOut(peer, `max_connections = ${max_connections}`);
      peer.close();
      return { data() {}, closed };
    }
    let isOpen = true;
    const connection: Connection = {
      reader,
      hasSpoken: false,
      since: this.#clock.monotonic(),
      close() {
        isOpen = false;
        peer.close();
      },
    };
    this.#peers.set(peer, connection);
    const data = (bytes: Uint8Array) => {
      if (!isOpen) return;
      const [ends, wasIdle] = [this.#ends, reader.held === 0];
      isOpen = reader.read(bytes);
      if (this.#ends > ends) connection.hasSpoken = true;
      if (this.#ends > ends || (wasIdle && connection.hasSpoken)) {
        connection.since = this.#clock.monotonic();
      }
      if (!isOpen) this.points.refuse(`a line or frame without end of ${peer.name}`);
      else if (reader.held > MAX_LINE && this.#held() > MAX_HELD) {
        isOpen = false;
        this.#leaveOut(peer, `${MAX_HELD} bytes of frames`);
      }
      if (!isOpen) peer.close();
    };
    return { data, closed };
  }

  /** A peer that is slow or silent keeps no other one out for long. */
  #makeRoom(): void {
    const now = this.#clock.monotonic();
    let [latest, most]: [Peer | undefined, number] = [undefined, 0];
    for (const [peer, { reader, hasSpoken, since }] of this.#peers) {
      const over = now - since - (hasSpoken && reader.held === 0 ? SILENT_MS : STALLED_MS);
      if (over > most) [latest, most] = [peer, over];
    }
    if (latest === undefined) return;
    this.#leaveOut(latest, `max_connections = ${this.#options.max_connections}`);
    this.#peers.get(latest)!.close();
    this.#peers.delete(latest);
  }

  #leaveOut(peer: Peer, limit: string): void {
    this.points.leaveOut(limit, `the connection of ${peer.name}`);
  }

  #held(): number {
    let bytes = 0;
    for (const { reader } of this.#peers.values()) bytes += reader.held;
    return bytes;
  }

  #lines(): Reader {
    const cutter = new LineCutter(MAX_LINE);
    const take = (line: string, isWhole: boolean) => this.#takeLine(line, isWhole);
    return {
      read: (bytes) => cutter.cut(bytes, take),
      get held() {
        return cutter.held;
      },
    };
  }

  #pickles(): Reader {
    const cutter = new FrameCutter(MAX_FRAME);
    const take = (frame: Uint8Array) => {
      this.#ends++;
      const points = pickledPoints(frame);
      if (points === undefined) this.points.refuse("a pickle of something else than points");
      else points.forEach((point) => this.#take(point, "an entry of a pickle"));
    };
    return {
      read: (bytes) => cutter.cut(bytes, take),
      get held() {
        return cutter.held;
      },
    };
  }

  #takeLine(line: string, isWhole: boolean): void {
    this.#ends++;
    this.#take(isWhole ? parseSentLine(line) : undefined, line);
  }

  #take(point: SentPoint | undefined, source: string): void {
    if (point === undefined) return this.points.refuse(source);
    const { path, value, time } = point;
    const { metrics_whitelist: white, metrics_blacklist: black } = this.#options;
    if (white.compiled.length > 0 && !matchesAny(white, path)) return;
    if (!matchesAny(black, path)) this.points.add(path, value, time);
  }
}

export default defineCollector({
  name: "GraphiteListenerCollector",
  doc: "Graphite's lines and pickles that programs send: published as they came",
  path: "graphite",
  sources: ["TCP and UDP port 2003"],
  systems: everySystem,
  options,
  metrics,
  prepare(values, { clock }) {
    const { listener_port, pickle_port, transport } = values;
    if (pickle_port === listener_port && transport !== "udp") {
      throw configError(`pickle_port = ${pickle_port} is listener_port, where lines are taken`);
    }
    return new Receiver(values, clock);
  },

  async collect({ host, emit, options: { precision }, state, skipLine, leaveOut }) {
    await state.open(host);
    const { points } = state;
    let extras: EmitOptions = { path: true, precision };
    points.each((path, value, time) => {
      // Most points of an interval have few times.
      if (extras.timestamp !== time) extras = { path: true, timestamp: time, precision };
      const dot = path.indexOf(".");
      const [prefix, name] = dot < 1 ? ["", path] : [path.slice(0, dot), path.slice(dot + 1)];
      emit("{prefix}.{name}", value, prefix, name, extras);
    });
    emit("listener.points", points.count);
    emit("listener.repeated", points.repeated);
    emit("listener.unreadable", points.unreadable);
    emit("listener.left_out", points.leftOut);
    points.end({ skipLine, leaveOut });
  },
});
