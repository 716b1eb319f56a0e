/**
 * Encodings that have libraries: protobuf by @bufbuild/protobuf, Snappy by snappyjs. They are loaded
 * when they are first needed.
 */

import type { Codecs, TimeSeries } from "../../ports/remote_write.ts";
import { crypto } from "../runtime/node_modules.ts";

export const realCodecs: Codecs = {
  riemann: async () => (await import("./riemann.ts")).riemannCodec(),
  md5: (text) => crypto().createHash("md5").update(text).digest(),
  async remoteWrite(series) {
    const { BinaryWriter } = await import("@bufbuild/protobuf/wire");
    const { compress } = await import("snappyjs");
    return compress(writeRequest(series, () => new BinaryWriter()));
  },
};

type Writer = import("@bufbuild/protobuf/wire").BinaryWriter;

/** Field numbers and wire types, as a tag has them. Source: prometheus/prompb/{remote,types}.proto */
const BYTES = 2;
const DOUBLE = 1;
const VARINT = 0;

/** `WriteRequest { repeated TimeSeries timeseries = 1 }` */
function writeRequest(series: readonly TimeSeries[], create: () => Writer): Uint8Array {
  const request = create();
  for (const { labels, samples } of series) {
    request.tag(1, BYTES).fork();
    // `Label { string name = 1; string value = 2 }`
    for (const [name, value] of labels) {
      request.tag(1, BYTES).fork();
      request.tag(1, BYTES).string(name).tag(2, BYTES).string(value).join();
    }
    // `Sample { double value = 1; int64 timestamp = 2 }`
    for (const { value, timestamp } of samples) {
      request.tag(2, BYTES).fork();
      request.tag(1, DOUBLE).double(value).tag(2, VARINT).int64(timestamp).join();
    }
    request.join();
  }
  return request.finish();
}
