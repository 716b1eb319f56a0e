/** Encodings that have libraries: the body of a Prometheus remote write, Riemann's messages, and MD5. */

import type { RiemannCodec } from "./riemann.ts";

export interface Codecs {
  /** The body of Prometheus' remote write, in the message of that version: protobuf in Snappy's block format. */
  remoteWrite(series: readonly TimeSeries[], version: RemoteWriteVersion): Promise<Uint8Array>;
  riemann(): Promise<RiemannCodec>;
  md5(text: string): Uint8Array;
}

export type RemoteWriteVersion = 1 | 2;

export interface TimeSeries {
  /** Sorted by label; the name is the label `__name__`. */
  readonly labels: readonly (readonly [label: string, text: string])[];
  /** Oldest first. */
  readonly samples: WrittenSample[];
  /** Of version 2 alone, as what follows. */
  readonly isCounter: boolean;
  readonly help: string;
  readonly unit: string;
}

/** Times are milliseconds since the epoch. */
export interface WrittenSample {
  readonly value: number;
  readonly timestamp: number;
  /** Of a counter: when it was 0; undefined where that is not known. */
  readonly start?: number;
}
