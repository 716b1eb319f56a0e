/**
 * A metric: one value of one series at one time. All that stays the same from run to run (the path,
 * and the parts it was made of) is in the series, which is made once; handlers that speak tags read
 * its fields, and nothing takes a dotted path apart again.
 */

/** `counter`: the value is a rate whose cumulative source stands in `raw`. */
export type Kind = "gauge" | "counter";

export interface Series {
  /** The dotted path, as Graphite sees it. */
  readonly path: string;
  readonly prefix: string;
  /** Null where `hostname_method = none`, and for metrics of an instance. */
  readonly host: string | null;
  readonly suffix: string;
  /** The collector's component in the path; "" if `path = .` */
  readonly collector: string;
  /** The rest of the path after the collector: `sda.reads` */
  readonly name: string;
  /** As declared: `{device}.reads` */
  readonly pattern: string;
  /** The parts that filled the pattern: `{ device: "sda" }` */
  readonly labels: Readonly<Record<string, string>>;
  readonly instance: string | null;
  readonly kind: Kind;
  /** Digits behind the point in text forms. */
  readonly precision: number;
  readonly unit: string;
  readonly help: string;
  /** Seconds for which a value of this series may be taken as current. */
  readonly ttl: number;
  /** Of a counter: it counts since the host was booted, or from later on. */
  readonly sinceBoot?: boolean;
}

export interface Metric {
  readonly series: Series;
  readonly value: number;
  /** Seconds since the epoch. */
  readonly timestamp: number;
  /** The cumulative value that a counter's rate was taken from. */
  readonly raw?: number | bigint;
}
