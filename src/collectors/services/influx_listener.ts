/** Source: https://docs.influxdata.com/influxdb/v2/api/ and its line protocol. */

import {
  type CommonValues,
  defineCollector,
  type EmitOptions,
  everySystem,
  gauge,
} from "../../core/collector.ts";
import { choice, integer, text, type Values, words } from "../../core/option.ts";
import { readLines, type SentLine } from "../../formats/influx_points.ts";
import {
  answerToQuestion,
  failure,
  POST_PATHS,
  timesOf,
  WRITE_PATHS,
} from "../../formats/influx_write.ts";
import type { Host } from "../../ports/host.ts";
import type { PostedRequest, PostedResponse } from "../../ports/http.ts";
import type { HttpInbox } from "../../ports/net.ts";
import { PointIntake } from "../../protocols/point_intake.ts";
import { MAX_PORT } from "../../protocols/servers.ts";

const options = {
  listener_host: text("127.0.0.1", "The address at which points are posted"),
  listener_port: integer(8086, "Its port", { min: 1, max: MAX_PORT }),
  labels: choice("values", ["values", "pairs"], "values: .eth0; pairs: .device.eth0"),
  drop_labels: words([], "Tags that are left out of names"),
  max_points: integer(50_000, "Points of an interval; for more, programs are told to wait", {
    min: 1,
  }),
  max_names: integer(10_000, "Names at most; those that are over it are left out, counted", {
    min: 1,
  }),
  precision: integer(6, "Decimals", { min: 0, max: 20 }),
};
const metrics = {
  "{name}": gauge("A field by its measurement, the values of its tags, and its key", 6),
  "listener.points": gauge("Fields that were taken in the interval"),
  "listener.repeated": gauge("Points with the path and time of another: the last one counts"),
  "listener.texts": gauge("Fields that are texts, which cannot be published"),
  "listener.unreadable": gauge("Lines that could not be read, and requests that were refused"),
  "listener.left_out": gauge("Points over max_names or max_points, and requests that have to wait"),
};

/** Of a request, as it is sent and unpacked. */
const MAX_BODY = 8 * 1024 * 1024;
const MAX_PATH = 400;

/** What comes between two runs waits in it. */
class Receiver implements Disposable {
  readonly points: PointIntake;
  texts = 0;
  readonly #settings: Values<typeof options> & CommonValues;
  #inbox: HttpInbox | undefined;

  constructor(settings: Values<typeof options> & CommonValues) {
    this.#settings = settings;
    this.points = new PointIntake(settings);
  }

  async open({ net }: Host): Promise<HttpInbox> {
    const { listener_host: host, listener_port: port } = this.#settings;
    return this.#inbox ??= await net.httpInbox(
      { host, port, paths: POST_PATHS, maxBytes: MAX_BODY },
      {
        take: (request) => this.#answer(request),
        refused: (reason) => this.points.refuse(`a request: ${reason}`),
      },
    );
  }

  [Symbol.dispose](): void {
    this.#inbox?.[Symbol.dispose]();
  }

  #answer(request: PostedRequest): PostedResponse {
    const { method, path, query, body } = request;
    if (method !== "POST" || !WRITE_PATHS.includes(path)) return answerToQuestion(request);
    const secondsOf = timesOf(request);
    if (secondsOf !== undefined) return this.#write(new TextDecoder().decode(body), secondsOf);
    this.points.refuse(`a request: ${query}`);
    return failure(400, "invalid", "the precision is unknown: ns, us, ms and s are known");
  }

  /** A request is taken as far as it can be read. One for which there is no room any more has to come again. */
  #write(text: string, secondsOf: (time: string) => number): PostedResponse {
    const { points } = this;
    const [before, texts] = [points.save(), this.texts];
    let bad = 0;
    let first: { readonly message: string; readonly line: number } | undefined;
    readLines(text, (line) => this.#take(line, secondsOf), (reason, number, line) => {
      bad++;
      first ??= { message: `line ${number}: ${reason}: ${line}`, line: number };
      points.refuse(line);
    });
    if (points.overflowed && before.count > 0) {
      points.restore(before);
      this.texts = texts;
      return this.#wait();
    }
    if (first !== undefined) {
      const message = `partial write: ${first.message} (lines left out: ${bad})`;
      return failure(400, "invalid", message, { line: first.line });
    }
    return points.leftOut === before.leftOut
      ? { status: 204, type: "", body: "" }
      : failure(400, "invalid", `partial write: ${points.crowd}`);
  }

  #wait(): PostedResponse {
    const { max_points, interval } = this.#settings;
    const limit = `max_points = ${max_points}`;
    this.points.leaveOut(limit, "a request that has to wait");
    const headers = { "retry-after": String(Math.ceil(interval)) };
    return failure(429, "too many requests", `more than ${limit} in ${interval} s: try again`, {
      headers,
    });
  }

  #take({ measurement, tags, fields, time }: SentLine, secondsOf: (time: string) => number): void {
    const { labels, drop_labels } = this.#settings;
    let start = measurement.replace(/[^\w.-]/g, "_");
    for (const [key, value] of tags) {
      if (drop_labels.includes(key)) continue;
      if (labels === "pairs") start += `.${nodeOf(key)}`;
      start += `.${nodeOf(value)}`;
    }
    const seconds = time === undefined ? undefined : secondsOf(time);
    for (const [key, value] of fields) {
      // A field of this name says nothing more.
      const path = key === "value" ? start : `${start}.${nodeOf(key)}`;
      if (value === undefined) this.texts++;
      else if (path.length > MAX_PATH) this.points.refuse(path);
      else this.points.add(path, value, seconds);
    }
  }
}

export default defineCollector({
  name: "InfluxListenerCollector",
  doc: "Points that programs send to InfluxDB's write API: Telegraf and InfluxDB's clients",
  path: "influx",
  sources: ["TCP port 8086"],
  systems: everySystem,
  options,
  metrics,
  prepare: (values) => new Receiver(values),

  async collect({ host, emit, options: { precision }, state, skipLine, leaveOut }) {
    (await state.open(host)).take();
    const { points } = state;
    let extras: EmitOptions = { precision };
    points.each((path, value, time) => {
      // Most points of an interval have few times.
      if (extras.timestamp !== time) extras = { timestamp: time, precision };
      emit("{name}", value, path, extras);
    });
    emit("listener.points", points.count);
    emit("listener.repeated", points.repeated);
    emit("listener.texts", state.texts);
    emit("listener.unreadable", points.unreadable);
    emit("listener.left_out", points.leftOut);
    points.end({ skipLine, leaveOut });
    state.texts = 0;
  },
});

/** A tag or a field as one node: `/var/log` is `_var_log`. */
function nodeOf(text: string): string {
  return text.replace(/[^\w-]/g, "_");
}
