/** For a backend that takes the same body once, however often it comes: what may have come is sent again as it was. */

import { codeOf } from "../core/errors.ts";
import type { Metric } from "../core/metric.ts";
import { graphiteLine } from "../formats/graphite_line.ts";

interface Sent {
  readonly metrics: readonly Metric[];
  readonly body: string;
}

interface Transfer {
  encode(metrics: readonly Metric[]): string;
  send(body: string): Promise<void>;
}

/** What is known of points that are never asked for again, such as those that were dropped meanwhile. */
const MAX_SETTLED = 50_000;

export class ExactResend {
  #doubt: Sent | undefined;
  /** Points that were sent as a part of what was in doubt, and that the worker still has. */
  readonly #settled = new Set<string>();

  async write(batch: readonly Metric[], { encode, send }: Transfer): Promise<void> {
    if (this.#doubt !== undefined) await this.#settle(this.#doubt, send);
    const rest = this.#settled.size === 0
      ? batch
      : batch.filter((metric) => !this.#settled.delete(graphiteLine(metric)));
    if (rest.length === 0) return;
    await this.#send({ metrics: rest, body: encode(rest) }, send);
  }

  async #settle(doubt: Sent, send: Transfer["send"]): Promise<void> {
    try {
      await this.#send(doubt, send);
    } catch (error) {
      // The worker finds out which of its points are at fault.
      if (codeOf(error) === "refused") return;
      throw error;
    }
    if (this.#settled.size > MAX_SETTLED) this.#settled.clear();
    for (const metric of doubt.metrics) this.#settled.add(graphiteLine(metric));
  }

  /** Until it is answered it is in doubt, also where the worker does not wait for the answer. */
  async #send(sent: Sent, send: Transfer["send"]): Promise<void> {
    this.#doubt = sent;
    const answered = () => {
      if (this.#doubt === sent) this.#doubt = undefined;
    };
    await send(sent.body).then(answered, (error) => {
      if (codeOf(error) === "refused") answered();
      throw error;
    });
  }
}
