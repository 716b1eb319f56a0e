import { BinaryReader } from "@bufbuild/protobuf/wire";
import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "node:test";
import { uncompress } from "snappyjs";
import type { Metric } from "../../src/core/metric.ts";
import { expose } from "../../src/formats/prometheus.ts";
import { seriesWriter } from "../../src/formats/remote_write.ts";
import { realCodecs } from "../../src/platform/net/remote_write.ts";
import { metric } from "../harness/metrics.ts";

const of = (collector: string, pattern: string, labels: Record<string, string>, more = {}) => ({
  collector,
  pattern,
  labels,
  host: "h",
  help: `About ${collector}`,
  ...more,
});
const idle = metric("x", 1.5, 1, of("cpu", "{cpu}.{field}", { cpu: "cpu0", field: "idle" }));
const counted: Metric = {
  ...metric("y", 0.5, 1, of("tcp", "{counter}", { counter: "InErrs" }, { kind: "counter" })),
  raw: 18_446_744_073_709_551_615n,
};
const odd = metric(
  "z",
  2500,
  1,
  of("disk stat", "{device}.ReadMilliseconds_milliseconds", { device: 'a"b\\c\nd' }, {
    help: "",
    host: null,
  }),
);

/** What a receiver makes of a body, written with the library's reader. */
function readRequest(body: Uint8Array) {
  const read = (bytes: Uint8Array) => {
    const reader = new BinaryReader(bytes);
    const fields: [number, Uint8Array | number | string | bigint][] = [];
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      const value = wire === 2 ? reader.bytes() : wire === 1 ? reader.double() : reader.int64();
      fields.push([field, value]);
    }
    return fields;
  };
  const text = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);
  return read(uncompress(body)).map(([, series]) =>
    read(series as Uint8Array).map(([field, part]) => {
      const values = read(part as Uint8Array).map(([, value]) => value);
      return field === 1 ? values.map(text).join("=") : values.join("@");
    })
  );
}

describe("Prometheus", () => {
  it("is written to: labels sorted, samples of a series together and in order", async () => {
    const later = { ...idle, value: 2.5, timestamp: 2.5 };
    const body = await realCodecs.remoteWrite(seriesWriter("diamond")([later, counted, idle]), 1);
    deepEqual(readRequest(body), [
      ["__name__=diamond_cpu", "cpu=cpu0", "field=idle", "host=h", "1.5@1000", "2.5@2500"],
      [
        "__name__=diamond_tcp_events_total",
        "counter=InErrs",
        "host=h",
        "18446744073709552000@1000",
      ],
    ]);
  });

  it("is told names, labels, kinds and help, in both formats", () => {
    equal(
      expose([idle, counted, odd], "diamond", "text"),
      `# HELP diamond_cpu About cpu
# TYPE diamond_cpu gauge
diamond_cpu{cpu="cpu0",field="idle",host="h"} 1.5
# HELP diamond_tcp_events_total About tcp
# TYPE diamond_tcp_events_total counter
diamond_tcp_events_total{counter="InErrs",host="h"} 18446744073709551615
# HELP diamond_disk_stat_read_seconds_seconds {device}.ReadMilliseconds_milliseconds
# TYPE diamond_disk_stat_read_seconds_seconds gauge
diamond_disk_stat_read_seconds_seconds{device="a\\"b\\\\c\\nd"} 2.5
`,
    );
    equal(
      expose([counted], "", "openmetrics"),
      `# HELP tcp_events About tcp
# TYPE tcp_events counter
tcp_events_total{counter="InErrs",host="h"} 18446744073709551615
# EOF
`,
    );
  });

  it("has no names that mean something else", () => {
    for (
      const [pattern, name] of [["processes_total", "c_processes_total_value"], [
        "MemFree",
        "c_mem_free",
      ]]
    ) {
      equal(
        expose([metric("x", 1, 1, of("c", pattern, {}, { host: null }))], "", "text").split(
          "\n",
        )[2],
        `${name} 1`,
      );
    }
  });
});
