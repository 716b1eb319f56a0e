/** A program with OpenTelemetry's SDK: a till whose sales are exported. */

import { setTimeout as sleep } from "node:timers/promises";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";

/** Exports are this far apart, so that each has a second of its own. */
const PAUSE_MS = 1100;
export const ROUNDS = 3;

/** It is looked at `ROUNDS` times, when it has sold 10, 20 and 30, and once more at its end. */
export async function sell(service: string, exporter: PushMetricExporter): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ "service.name": service }),
    readers: [reader],
    views: [{
      instrumentName: "size",
      aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM },
    }],
  });
  const meter = provider.getMeter("till");
  const orders = meter.createCounter("orders");
  const queue = meter.createUpDownCounter("queue");
  const time = meter.createHistogram("time");
  const size = meter.createHistogram("size");
  let sold = 0;
  meter.createObservableGauge("stock").addCallback((stock) => stock.observe(100 - sold));
  for (let round = 1; round <= ROUNDS; round++) {
    orders.add(10, { zone: "eu", app: "web" });
    queue.add(1);
    time.record(2 * round);
    size.record(7);
    sold += 10;
    await reader.forceFlush();
    await sleep(PAUSE_MS);
  }
  await reader.shutdown();
}
