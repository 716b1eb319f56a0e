/**
 * What a handler is: options, and a sink that encodes and sends. Batching, deadlines, retries,
 * back-off and the ledger are the worker's, for all handlers alike.
 */

import type { Host } from "./host.ts";
import type { Log } from "./log.ts";
import type { Metric } from "./metric.ts";
import { integer, number, type Options, type Values } from "./option.ts";

/** What a successful write proves: that the backend took the points, that the transport did, or nothing. */
export type Receipt = "application" | "transport" | "none";

export interface Sink extends AsyncDisposable {
  /**
   * Delivers all of the batch or throws; the worker keeps the batch and writes it again.
   */
  write(batch: readonly Metric[], signal: AbortSignal): Promise<void>;
}

export interface HandlerContext<O extends Options = Options> {
  readonly host: Host;
  readonly options: Values<O> & DeliveryValues;
  readonly log: Log;
}

export interface Handler<O extends Options = Options> {
  /** "GraphiteHandler": the section's name in the configuration. */
  readonly name: string;
  readonly doc: string;
  readonly options: O;
  readonly receipt: Receipt;
  /**
   * One section may stand for several backends: each gets the options that it returns for it, and a
   * queue, a worker and books of its own, under the section's name and `backend`.
   */
  expand?(options: Values<O> & DeliveryValues): readonly Backend<O>[];
  /** Never connects: a backend that is down must not keep the agent from starting. Throws `config` only. */
  open(context: HandlerContext<O>): Sink;
}

export interface Backend<O extends Options = Options> {
  readonly backend: string;
  readonly options: Values<O> & DeliveryValues;
}

/** An identity function that infers types. */
export function defineHandler<const O extends Options>(handler: Handler<O>): Handler<O> {
  return handler;
}

// deno-lint-ignore no-explicit-any
export type AnyHandler = Handler<any>;

/** The options that every handler has: the worker reads them. */
export const deliveryOptions = {
  batch: integer(
    1,
    "Metrics to wait for before a write; the end of each run writes what there is",
    { min: 1 },
  ),
  timeout: number(15, "Seconds that a connect or a write may take", { min: 0.1 }),
  queue_bytes: integer(16_777_216, "Memory for metrics that wait; over it the oldest go, counted", {
    min: 65_536,
  }),
  max_backlog_multiplier: number(
    0,
    "During an outage keep at most this many batches; 0: as many as queue_bytes holds",
    { min: 0 },
  ),
  trim_backlog_multiplier: number(4, "Over max_backlog_multiplier, trim to this many batches", {
    min: 0,
  }),
  retry_max_interval: number(30, "Seconds between tries during an outage, at most", { min: 0.1 }),
  server_error_interval: number(120, "Seconds between reports of an error that stays", { min: 1 }),
};
export type DeliveryValues = Values<typeof deliveryOptions>;
