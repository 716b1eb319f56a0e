/**
 * Ganglia's datagrams of version 3.1, in XDR: what a metric is, and its value.
 * Source: https://github.com/ganglia/monitor-core/blob/master/lib/gm_protocol.x, RFC 4506
 */

import type { Metric } from "../core/metric.ts";
import { fixed } from "./fixed.ts";

const [METADATA, TEXT_VALUE] = [128, 133];
/** The value may rise and fall. */
const SLOPE_BOTH = 3;
/** Seconds after which another value should have come. */
const TMAX = 60;
/** Seconds after which a silent metric is forgotten; 0: never. */
const DMAX = 0;
/**
 * The host is the datagram's sender. With a name of another form than `address:name` and this at 1, gmond ends.
 */
const NOT_SPOOFED = 0;

const encoder = new TextEncoder();

/** Two datagrams: gmond keeps no value of a metric that it does not know. */
export function gmetricDatagrams(metric: Metric, group: string): [Uint8Array, Uint8Array] {
  const { series, value } = metric;
  const { collector, host, precision, unit } = series;
  const name = [collector, series.name].filter((part) => part !== "").join(".");
  const head = [host ?? "unknown", name, NOT_SPOOFED];
  const extra = group === "" ? [0] : [1, "GROUP", group];
  return [
    xdr([METADATA, ...head, "double", name, unit, SLOPE_BOTH, TMAX, DMAX, ...extra]),
    xdr([TEXT_VALUE, ...head, "%s", fixed(value, precision)]),
  ];
}

/** Numbers in four bytes, texts after their length, filled up to a multiple of four. */
function xdr(parts: readonly (number | string)[]): Uint8Array {
  const texts = parts.map((part) => typeof part === "string" ? encoder.encode(part) : part);
  const sizeOf = (part: number | Uint8Array) =>
    typeof part === "number" ? 4 : 4 + Math.ceil(part.length / 4) * 4;
  const bytes = new Uint8Array(texts.reduce<number>((sum, part) => sum + sizeOf(part), 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const part of texts) {
    view.setUint32(at, typeof part === "number" ? part : part.length);
    if (typeof part !== "number") bytes.set(part, at + 4);
    at += sizeOf(part);
  }
  return bytes;
}
