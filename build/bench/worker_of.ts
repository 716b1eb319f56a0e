/** A handler's worker outside of an agent, with the handler's own defaults. */

import { type AnyHandler, deliveryOptions, type DeliveryValues } from "../../src/core/handler.ts";
import { createWorker } from "../../src/delivery/worker.ts";
import { createHost } from "../../src/platform/host.ts";
import type { Host } from "../../src/ports/host.ts";
import { silentLog } from "../../src/ports/log.ts";
import type { Spools } from "../../src/ports/spool.ts";

export function workerOf(handler: AnyHandler, more: object, spools?: Spools) {
  const fallbacks = Object.entries({ ...deliveryOptions, ...handler.options }).map((
    [name, option],
  ) => [name, (option as { fallback: unknown }).fallback]);
  const options = {
    ...Object.fromEntries(fallbacks),
    host: "127.0.0.1",
    ...more,
  } as DeliveryValues;
  const host: Host = createHost({ procfs: "", sysfs: "", rootfs: "" });
  return createWorker({
    name: handler.name,
    sink: handler.open({ host, options, log: silentLog }),
    receipt: handler.receipt,
    largest: handler.largest?.(options),
    ordered: handler.ordered,
    options,
    spools,
    saved: undefined,
    clock: host.clock,
    log: silentLog,
    random: Math.random,
  });
}
