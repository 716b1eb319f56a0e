/**
 * Prometheus' remote write, 1.0 and 2.0, which Prometheus, VictoriaMetrics, Mimir and Thanos receive.
 * Source: https://prometheus.io/docs/specs/remote_write_spec/ and
 * https://prometheus.io/docs/specs/remote_write_spec_2_0/
 */

import { undelivered } from "../core/errors.ts";
import { defineHandler, type HandlerContext, type Sink } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import { choice, text, url } from "../core/option.ts";
import { shownUrl } from "../core/secrets.ts";
import { counterStarts } from "../formats/counter_starts.ts";
import { samplesWritten, seriesWriter } from "../formats/remote_write.ts";
import type { HttpResponse } from "../ports/http.ts";
import type { RemoteWriteVersion } from "../ports/remote_write.ts";
import { headerOptions, judge, ownHeaders, postOptions, send } from "../protocols/http_post.ts";

const { compression: _, ...httpOptions } = postOptions();

const options = {
  url: url("http://localhost:9090/api/v1/write", "Where to write to, http or https"),
  protocol_version: choice(
    "1",
    ["1", "2"],
    "Version of remote write. 2 adds kinds, help and the start of counters, and the receiver says how much it wrote; one that knows 1.0 only gets that",
  ),
  prefix: text("diamond", "What names begin with"),
  ...headerOptions,
  ...httpOptions,
};

export default defineHandler({
  name: "PrometheusRemoteWriteHandler",
  doc: "Sends metrics to Prometheus and its kin by remote write",
  receipt: "application",
  // What is older than a series' last sample is refused.
  ordered: true,
  options,
  open: (context) => new RemoteWriter(context),
});

const MESSAGES = {
  1: { type: "application/x-protobuf", release: "0.1.0" },
  2: { type: "application/x-protobuf;proto=io.prometheus.write.v2.Request", release: "2.0.0" },
} as const;

/** After so long a receiver that took 1.0 alone may have been replaced by one that takes 2.0. */
const OLD_MS = 3_600_000;
const UNSUPPORTED = 415;

class RemoteWriter implements Sink {
  readonly #context: HandlerContext<typeof options>;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #seriesOf: ReturnType<typeof seriesWriter>;
  /** Until then the receiver is one that takes 1.0 alone. */
  #oldUntil = -Infinity;

  constructor(context: HandlerContext<typeof options>) {
    const { clock, figures } = context.host;
    this.#context = context;
    this.#headers = ownHeaders(context.options);
    const startOf = counterStarts(() => clock.now() - 1000 * figures.uptime());
    this.#seriesOf = seriesWriter(context.options.prefix, startOf);
  }

  async write(batch: readonly Metric[], signal: AbortSignal): Promise<void> {
    const { host, options } = this.#context;
    const isNew = options.protocol_version === "2" && host.clock.monotonic() >= this.#oldUntil;
    if (!isNew) return this.#judge(batch, await this.#send(batch, 1, signal));
    const answer = await this.#send(batch, 2, signal);
    if (!isOfOldReceiver(answer)) return this.#judge(batch, answer);
    const second = await this.#send(batch, 1, signal);
    // It refuses both: what it says of the newer one is about the points.
    this.#judge(batch, second.status === UNSUPPORTED && answer.status === 400 ? answer : second);
    this.#oldUntil = host.clock.monotonic() + OLD_MS;
    this.#context.log.warn(
      `PrometheusRemoteWriteHandler: ${
        shownUrl(options.url)
      } does not take remote write 2.0: it gets 1.0`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #send(
    batch: readonly Metric[],
    version: RemoteWriteVersion,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { host, options } = this.#context;
    const body = await host.codecs.remoteWrite(this.#seriesOf(batch), version);
    const { type, release } = MESSAGES[version];
    const headers = {
      ...this.#headers,
      "content-type": type,
      "content-encoding": "snappy",
      "x-prometheus-remote-write-version": release,
    };
    const { url } = options;
    return await send(host, { ...options, compression: 0 }, { url, type, body, headers }, signal);
  }

  /** A count in the answer says more than its status. */
  #judge({ length }: readonly Metric[], answer: HttpResponse): void {
    const { url, protocol_version } = this.#context.options;
    const { status, headers } = answer;
    if (status === UNSUPPORTED && protocol_version === "1") {
      throw undelivered(
        `${shownUrl(url)} answers 415: it does not take remote write 1.0; try protocol_version = 2`,
      );
    }
    const written = samplesWritten(headers);
    const isTaken = status >= 200 && status < 300;
    if (written === undefined) return judge(url, answer, {});
    // Exemplars alone may be refused, and there are none here.
    if (written >= length && (isTaken || status === 400)) return;
    // Where nothing was written, an error does not say which point is at fault.
    judge(url, answer, { rejected: () => written > 0 || isTaken ? length - written : 0 });
  }
}

/** One that does not count what it writes has not understood 2.0, whatever its status says. */
function isOfOldReceiver({ status, headers }: HttpResponse): boolean {
  if (status === UNSUPPORTED) return true;
  const isSure = (status >= 200 && status < 300) || status === 400;
  return isSure && samplesWritten(headers) === undefined;
}
