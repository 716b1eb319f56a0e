/** A sink that publishes a message for each metric to a broker that confirms. */

import type { Failure } from "../core/errors.ts";
import type { Sink } from "../core/handler.ts";
import type { Metric } from "../core/metric.ts";
import type { Broker, Message } from "../ports/brokers.ts";

/** `connect` is called when a connection is needed; one that broke is made again. */
export function brokerSink(
  connect: (first: Metric, signal: AbortSignal) => Promise<Broker>,
  messageOf: (metric: Metric) => Message,
): Sink {
  let broker: Broker | undefined;
  return {
    async write(batch, signal) {
      if (broker?.isOpen !== true) broker = await connect(batch[0], signal);
      try {
        await broker.publish(batch.map(messageOf), signal);
      } catch (error) {
        const { code, points } = error as Failure;
        if (code !== "refused" && broker.isLasting !== true) {
          // What it was sent may still be on its way: the next try must not be mixed with it.
          void broker.close();
          broker = undefined;
        } else if (code === "refused" && Array.isArray(points)) {
          (error as Failure).points = points.map((index) => batch[index]);
        }
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await broker?.close();
    },
  };
}
