/** A handler of the operator's own that runs in the agent: what it throws, returns or changes costs itself only. */

import { messageOf, undelivered } from "../../core/errors.ts";
import type { AnyHandler, HandlerContext, Sink } from "../../core/handler.ts";
import type { Metric, Series } from "../../core/metric.ts";

export function guardedHandler(handler: AnyHandler): AnyHandler {
  const largest = handler.largest?.bind(handler);
  return {
    ...handler,
    ...(largest && { largest: (options: never) => sizeFrom(() => largest(options)) }),
    open: (context) => guardedSink(handler, context),
  };
}

function sizeFrom(ask: () => number): number {
  try {
    return Math.max(ask() || Infinity, 1);
  } catch {
    return Infinity;
  }
}

function guardedSink(handler: AnyHandler, context: HandlerContext): Sink {
  const copies = new WeakMap<Series, Series>();
  let sink: Sink | undefined;

  /** Tried again with each write, until it works. */
  function opened(): Sink {
    if (sink !== undefined) return sink;
    const made = handler.open(context as never) as unknown;
    if (typeof (made as Sink | null)?.write !== "function") {
      throw undelivered(`"open" of ${handler.name} returns nothing that has "write"`);
    }
    return sink = made as Sink;
  }

  /** Of its own: what it changes is its own as well. */
  function copyOf(metric: Metric): Metric {
    let series = copies.get(metric.series);
    if (series === undefined) {
      copies.set(metric.series, series = { ...metric.series, labels: { ...metric.series.labels } });
    }
    return { ...metric, series };
  }

  return {
    async write(batch, signal) {
      const own = batch.map(copyOf);
      try {
        await opened().write(own, signal);
      } catch (error) {
        throw withPoints(error, own, batch);
      }
    },
    async [Symbol.asyncDispose]() {
      await sink?.[Symbol.asyncDispose]?.();
    },
  };
}

/** A handler names its copies. */
function withPoints(error: unknown, own: readonly Metric[], batch: readonly Metric[]): unknown {
  if (error === undefined || error === null) return undelivered(`it throws ${messageOf(error)}`);
  const { points } = error as { points?: unknown };
  if (!Array.isArray(points)) return error;
  const meant = points.map((point) => batch[own.indexOf(point)]).filter((one) => one !== undefined);
  return Object.assign(error, { points: meant });
}
