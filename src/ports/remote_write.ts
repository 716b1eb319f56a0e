/** Encodings that have libraries: the body of a Prometheus remote write, Riemann's messages, and MD5. */

import type { RiemannCodec } from "./riemann.ts";

export interface Codecs {
  /** The body of Prometheus' remote write: protobuf in Snappy's block format. */
  remoteWrite(series: readonly TimeSeries[]): Promise<Uint8Array>;
  riemann(): Promise<RiemannCodec>;
  md5(text: string): Uint8Array;
}

export interface TimeSeries {
  /** Sorted by label; the name is the label `__name__`. */
  readonly labels: readonly (readonly [label: string, text: string])[];
  /** Oldest first, times in milliseconds since the epoch. */
  readonly samples: { readonly value: number; readonly timestamp: number }[];
}
