/** Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp */

import {
  type CommonValues,
  type Context,
  defineCollector,
  everySystem,
  gauge,
} from "../../core/collector.ts";
import { messageOf } from "../../core/errors.ts";
import {
  bool,
  choice,
  integer,
  many,
  matchesAny,
  patterns,
  text,
  type Values,
  words,
} from "../../core/option.ts";
import { type UnreadLine, unreadPart } from "../../core/unread_lines.ts";
import { safeName } from "../../formats/flatten.ts";
import { parseSentJson } from "../../formats/json.ts";
import { accepted, encodingOf, rejected } from "../../formats/otlp_answer.ts";
import { type Attributes, type OtlpPoint, readPoints } from "../../formats/otlp_points.ts";
import { METRICS_REQUEST } from "../../formats/otlp_schema.ts";
import { OtlpStreams } from "../../formats/otlp_streams.ts";
import { readProtobuf } from "../../formats/protobuf.ts";
import type { Host } from "../../ports/host.ts";
import type { PostedRequest, PostedResponse } from "../../ports/http.ts";
import type { HttpInbox } from "../../ports/net.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  listener_host: text("127.0.0.1", "The address to take requests at"),
  listener_port: integer(4318, "Its port", { min: 1, max: MAX_PORT }),
  resource_attributes: words(["service.name"], "Resource attributes that stand before the name"),
  allow: patterns([], "match", "Only the programs' names that one of these matches"),
  deny: patterns([], "match", "None that one of these matches"),
  labels: choice("values", ["values", "pairs"], "values: .GET; pairs: .http_method.GET"),
  drop_labels: words([], "Attributes that are left out of names"),
  counters: choice("rate", ["rate", "raw"], "rate: their growth per second; raw: as they come"),
  buckets: bool(false, "Publish the buckets of histograms too"),
  max_points: integer(50_000, "Points of an interval; for more, programs are told to wait", {
    min: 1,
  }),
  max_names: integer(10_000, "Names at most; those that are over it are left out, counted", {
    min: 1,
  }),
  precision: integer(6, "Decimals", { min: 0, max: 20 }),
  rename: many(text("", "What stands for the program's name"), "Names instead of the programs'"),
};
const metrics = {
  "{name}": gauge("A value by its resource, name and attributes", 6),
  "listener.points": gauge("Values that were taken in the interval"),
  "listener.resent": gauge("Points that had come before"),
  "listener.unreadable": gauge("Points that could not be read, and requests that were refused"),
  "listener.left_out": gauge("Points over max_names or max_points, and requests that have to wait"),
};
type Settings = Values<typeof options> & CommonValues;
type Otlp = Context<typeof options, typeof metrics, Receiver>;

const PATH = "/v1/metrics";
/** Of a body, packed and unpacked. */
const MAX_BODY = 4 * 1024 * 1024;

/** What comes between two runs waits in it. */
class Receiver implements Disposable {
  readonly streams: OtlpStreams;
  unreadable = 0;
  /** That two programs share a path was logged. */
  hasWarned = false;
  /** Requests that have to wait. */
  waiting = 0;
  /** The first that could not be read. */
  unread: UnreadLine | undefined;
  readonly #settings: Settings;
  #inbox: HttpInbox | undefined;

  constructor(settings: Settings, { clock }: Host) {
    this.#settings = settings;
    this.streams = new OtlpStreams({
      maxNames: settings.max_names,
      maxPoints: settings.max_points,
      interval: settings.interval,
      isRaw: settings.counters === "raw",
      withBuckets: settings.buckets,
      pathOf: (point) => pathOf(point, settings),
    }, clock.now());
  }

  async open({ net }: Host): Promise<void> {
    const { listener_host: host, listener_port: port } = this.#settings;
    this.#inbox ??= await net.httpInbox({ host, port, paths: [PATH], maxBytes: MAX_BODY }, {
      take: (request) => this.#take(request),
      refused: (reason) => this.#refuse(reason),
    });
    this.#inbox.take();
  }

  flush(): void {
    this.streams.flush();
    this.unreadable = this.waiting = 0;
    this.unread = undefined;
  }

  [Symbol.dispose](): void {
    this.#inbox?.[Symbol.dispose]();
  }

  #take({ method, path, headers, body }: PostedRequest): PostedResponse {
    if (path !== PATH || method !== "POST") {
      return rejected(404, "json", `metrics are posted to ${PATH}`);
    }
    const encoding = encodingOf(headers["content-type"]);
    if (encoding === undefined) {
      this.#refuse(`a body of the type "${headers["content-type"] ?? ""}"`);
      return rejected(415, "json", "application/json and application/x-protobuf are taken");
    }
    if (this.streams.isFull) {
      this.waiting++;
      const { max_points, interval } = this.#settings;
      return rejected(429, encoding, `more than max_points = ${max_points}`, interval);
    }
    try {
      const request: unknown = encoding === "json"
        ? parseSentJson(new TextDecoder().decode(body))
        : readProtobuf(body, METRICS_REQUEST);
      let [lost, why] = [0, ""];
      const lose = (reason: string) => {
        lost++;
        why ||= reason;
      };
      readPoints(
        request,
        (point) => this.streams.add(point) || lose(this.streams.crowd ?? ""),
        (reason) => {
          lose(reason);
          this.#refuse(reason);
        },
      );
      return accepted(encoding, lost, why);
    } catch (error) {
      this.#refuse(messageOf(error));
      return rejected(400, encoding, `that cannot be read: ${messageOf(error)}`);
    }
  }

  #refuse(what: string): void {
    this.unreadable++;
    this.unread ??= unreadPart("what came", what);
  }
}

export default defineCollector({
  name: "OtlpListenerCollector",
  doc: "Metrics that programs send by OpenTelemetry's protocol (OTLP/HTTP, protobuf or JSON)",
  path: "otlp",
  sources: ["TCP port 4318"],
  systems: everySystem,
  options,
  metrics,
  prepare: (settings, host) => new Receiver(settings, host),

  async collect(context) {
    const { host, emit, options: { precision }, state, skipLine } = context;
    await state.open(host);
    const { points, resent } = state.streams;
    for (const { path, value, time } of points) {
      emit("{name}", value, path, { timestamp: time, precision });
    }
    emit("listener.points", points.length);
    emit("listener.resent", resent);
    emit("listener.unreadable", state.unreadable);
    if (state.unread !== undefined) skipLine(state.unread);
    reportLimits(context);
    state.flush();
  },
});

function reportLimits(
  { emit, options: { max_points }, state, leaveOut, log, section }: Otlp,
): void {
  const { waiting, streams: { leftOut, crowd, shared } } = state;
  emit("listener.left_out", leftOut + waiting);
  if (crowd !== undefined) leaveOut(leftOut, crowd);
  if (waiting > 0) {
    leaveOut(waiting, `more than max_points = ${max_points}: programs were told to wait`);
  }
  if (shared === undefined || state.hasWarned) return;
  state.hasWarned = true;
  log.warn(
    `${section}: two programs publish "${shared}": name the attribute that tells them apart in resource_attributes, such as service.instance.id`,
  );
}

function pathOf({ name, resource, attributes }: OtlpPoint, settings: Settings): string | undefined {
  const { allow, deny, rename, resource_attributes } = settings;
  if (allow.compiled.length > 0 && !matchesAny(allow, name)) return undefined;
  if (matchesAny(deny, name)) return undefined;
  const wanted = resource_attributes.flatMap((key) => resource.filter(([found]) => found === key));
  const chosen = attributes.filter(([key]) => !settings.drop_labels.includes(key));
  const own = rename.get(name) ?? name.split(".").map(safeName).join(".");
  return [...nodes(wanted, "values"), own, ...nodes(chosen, settings.labels)].join(".");
}

function nodes(attributes: Attributes, labels: Settings["labels"]): string[] {
  return attributes.flatMap(([key, value]) => {
    const node = safeName(value) || "_";
    return labels === "pairs" ? [safeName(key), node] : [node];
  });
}
