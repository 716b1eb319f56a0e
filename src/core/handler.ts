/**
 * What a handler is: options, and a sink that encodes and sends. Batching, deadlines, retries,
 * back-off and the ledger are the worker's, for all handlers alike.
 */

import type { Failure } from "./errors.ts";
import type { Host } from "../ports/host.ts";
import type { Log } from "../ports/log.ts";
import type { Metric } from "./metric.ts";
import { choice, integer, number, type Options, type Values } from "./option.ts";

/** What a successful write proves: that the backend took the points, that the transport did, or nothing. */
export type Receipt = "application" | "transport" | "none";

export interface Sink extends AsyncDisposable {
  /**
   * Delivers all of the batch or throws; the worker keeps the batch and writes it again. `refused`
   * where the backend will never take it: then the worker writes its parts, down to single points. What
   * is done when it returns needs no promise. The signal may be that of later writes as well.
   */
  write(batch: readonly Metric[], signal: AbortSignal): void | Promise<void>;
  /** Of a transport's sink: what it knows of the writes that it took. */
  readonly watch?: DeliveryWatch;
}

/** What is known of the connections that a transport has written to. */
export interface DeliveryWatch {
  /**
   * What has happened since this was asked last to make what was written in the last seconds
   * doubtful; undefined where nothing has.
   */
  broken(): Break | undefined;
  /** Bytes that were written, over all connections. */
  readonly written: number;
  /** How many of them the peer's program has read, as far as is known; undefined where it is too soon to look again. */
  read(): number | undefined;
  /** Of a protocol in which a peer says what it does not take: how many points since this was asked last. */
  refused?(): Refusal | undefined;
  /** Of several peers: which one the last write went to. */
  readonly peer?: number;
}

/** The end of a connection otherwise than in order. */
export interface Break {
  readonly error: Failure;
  /** The peer has said something that no receiver of metrics says. */
  readonly answered: boolean;
  /** Of several peers: the only one that this is about. The others go on. */
  readonly peer?: number;
}

export interface Refusal {
  readonly points: number;
  readonly error: Failure;
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
  /** The backend takes a series' points in the order of their times only: older ones go first. */
  readonly ordered?: boolean;
  /**
   * Splits a section into several backends. Each has the options returned for it, and its own queue, worker and
   * ledger, under the section's name and `backend`. Undefined where the section is one backend.
   */
  expand?(options: Values<O> & DeliveryValues): readonly Backend<O>[] | undefined;
  /** Of a cluster: a point goes to some of the backends of `expand`, and not to all. */
  spread?(options: Values<O> & DeliveryValues, host: Pick<Host, "codecs">): Spread | undefined;
  /** Of the operator's own. */
  readonly custom?: HandlerTraits;
  /** Metrics in one write at most, where the backend has a limit. */
  largest?(options: Values<O> & DeliveryValues): number;
  /** Never connects: a backend that is down must not keep the agent from starting. Throws `config` only. */
  open(context: HandlerContext<O>): Sink;
}

export interface HandlerTraits {
  /** No options are declared: those of the worker are read, each other key of the section comes as it stands. */
  readonly freeOptions: boolean;
  /** Its section and the default one come as they stand, as the option `section`. */
  readonly wantsSection?: boolean;
}

export interface Spread {
  /** The numbers of all backends, the first choice for a path first. */
  choices(path: string): readonly number[];
  /** Backends that get a point. */
  readonly copies: number;
  /** What a backend that fails would get goes to the next choice. Otherwise it waits for it. */
  readonly failover: boolean;
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
    "Metrics in a write, if they are more than 2000; the end of each run writes what there is",
    { min: 1 },
  ),
  timeout: number(15, "Seconds that a connect or a write may take", { min: 0.1 }),
  queue_bytes: integer(
    16_777_216,
    "Memory for metrics that wait; what is over it goes to the spool, or is dropped, the oldest first, counted",
    { min: 65_536 },
  ),
  spool: choice(
    "outage",
    ["off", "outage", "always"],
    "What goes to disk, under [server] spool_path. outage: what cannot be delivered; always: every batch before it is sent, so that a kill loses nothing",
  ),
  spool_rate: number(
    10_000,
    "Metrics a second that go from the spool to the backend, besides the new ones; 0: no limit",
    { min: 0 },
  ),
  resend_seconds: number(
    10,
    "Where only the transport confirms: seconds of metrics, at least two writes, that are sent again after a connection broke; 0: none, for receivers that sum",
    { min: 0 },
  ),
  max_backlog_multiplier: number(
    0,
    "With spool = off: keep at most this many batches during an outage; 0: as many as queue_bytes holds",
    { min: 0 },
  ),
  trim_backlog_multiplier: number(4, "Over max_backlog_multiplier, trim to this many batches", {
    min: 0,
  }),
  retry_max_interval: number(30, "Seconds between tries during an outage, at most", { min: 0.1 }),
  server_error_interval: number(120, "Seconds between reports of an error that stays", { min: 1 }),
};
export type DeliveryValues = Values<typeof deliveryOptions>;
