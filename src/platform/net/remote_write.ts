/**
 * Encodings that have libraries: protobuf by @bufbuild/protobuf, Snappy by snappyjs. They are loaded
 * when they are first needed.
 */

import type { Codecs, TimeSeries, WrittenSample } from "../../ports/remote_write.ts";
import { crypto } from "../runtime/node_modules.ts";

export const realCodecs: Codecs = {
  riemann: async () => (await import("./riemann.ts")).riemannCodec(),
  md5: (text) => crypto().createHash("md5").update(text).digest(),
  async remoteWrite(series, version) {
    const { BinaryWriter } = await import("@bufbuild/protobuf/wire");
    const { compress } = await import("snappyjs");
    const write = version === 2 ? writeRequest2 : writeRequest1;
    return compress(write(series, () => new BinaryWriter()));
  },
};

type Writer = import("@bufbuild/protobuf/wire").BinaryWriter;

/** Wire types, as a tag has them. */
const BYTES = 2;
const DOUBLE = 1;
const VARINT = 0;

/** `Metadata.MetricType` of version 2. */
const COUNTER = 1;
const GAUGE = 2;

/**
 * `WriteRequest { repeated TimeSeries timeseries = 1 }`
 * Source of the numbers: prometheus/prompb/{remote,types}.proto
 */
function writeRequest1(series: readonly TimeSeries[], create: () => Writer): Uint8Array {
  const request = create();
  for (const { labels, samples } of series) {
    request.tag(1, BYTES).fork();
    // `Label { string name = 1; string value = 2 }`
    for (const [name, value] of labels) {
      request.tag(1, BYTES).fork();
      request.tag(1, BYTES).string(name).tag(2, BYTES).string(value).join();
    }
    for (const sample of samples) writeSample(request, { ...sample, start: undefined });
    request.join();
  }
  return request.finish();
}

/**
 * `Request { repeated string symbols = 4; repeated TimeSeries timeseries = 5 }`: texts stand in a table, once each.
 * Source of the numbers: prometheus/prompb/io/prometheus/write/v2/types.proto, version 2.0-rc.4
 */
function writeRequest2(series: readonly TimeSeries[], create: () => Writer): Uint8Array {
  const symbols = new Map([["", 0]]);
  const refOf = (text: string) => {
    const ref = symbols.get(text) ?? symbols.size;
    symbols.set(text, ref);
    return ref;
  };
  const body = create();
  for (const { labels, samples, isCounter, help, unit } of series) {
    body.tag(5, BYTES).fork();
    body.tag(1, BYTES).fork();
    for (const [name, value] of labels) body.uint32(refOf(name)).uint32(refOf(value));
    body.join();
    for (const sample of samples) writeSample(body, sample);
    // `Metadata { MetricType type = 1; uint32 help_ref = 3; uint32 unit_ref = 4 }`
    body.tag(5, BYTES).fork().tag(1, VARINT).int32(isCounter ? COUNTER : GAUGE);
    body.tag(3, VARINT).uint32(refOf(help)).tag(4, VARINT).uint32(refOf(unit)).join();
    body.join();
  }
  const request = create();
  for (const text of symbols.keys()) request.tag(4, BYTES).string(text);
  return request.raw(body.finish()).finish();
}

/** `Sample { double value = 1; int64 timestamp = 2; int64 start_timestamp = 3 }`, field 2 of a series in both. */
function writeSample(to: Writer, { value, timestamp, start }: WrittenSample): void {
  to.tag(2, BYTES).fork();
  to.tag(1, DOUBLE).double(value).tag(2, VARINT).int64(timestamp);
  if (start !== undefined) to.tag(3, VARINT).int64(start);
  to.join();
}
