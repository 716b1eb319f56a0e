/** What OpenTelemetry's own SDK exports, and what DogStatsD's clients send to a unix socket, is read back from a carbon. */

import { deepEqual, equal } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, it } from "node:test";
import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { AggregationTemporality } from "@opentelemetry/sdk-metrics";
import { freePort, noExecutable, start, temporary, until } from "../harness/agent_process.ts";
import { noCarbon, startCarbon } from "../harness/carbon.ts";
import { describeWith } from "../harness/describe_with.ts";
import { ROUNDS, sell } from "../harness/otlp_till.ts";
import { sendDatagram } from "../harness/unix_datagram.ts";

const { path: directory, remove } = temporary();
after(remove);

describeWith("a carbon behind listeners", noExecutable || noCarbon, () => {
  it("stores what is exported as JSON and protobuf, and sent to a unix socket", async () => {
    const carbon = await startCarbon(join(directory, "carbon"));
    const port = await freePort();
    const socket = join(directory, "run", "statsd.sock");
    const url = `http://127.0.0.1:${port}/v1/metrics`;
    writeFileSync(
      join(directory, "diamond.conf"),
      `[server]\nstate_path = ${directory}/state\nhandlers = GraphiteHandler\n[handlers]\n[[GraphiteHandler]]\n` +
        `host = 127.0.0.1\nport = ${carbon.port}\n[collectors]\n[[default]]\ninterval = 1\nhostname = web1\n` +
        `[[OtlpListenerCollector]]\nenabled = True\ncounters = raw\nlistener_port = ${port}\n` +
        `[[StatsdListenerCollector]]\nenabled = True\nlistener_port = 0\nlistener_socket = ${socket}\n`,
    );
    const running = start(["run", "-lf", "-c", join(directory, "diamond.conf"), "--skip-pidfile"]);
    await until("it listens", () => fetch(url).then(() => true, () => false));
    const began = Math.floor(Date.now() / 1000);
    const temporalityPreference = AggregationTemporality.DELTA;
    await Promise.all([
      sell("json", new JsonExporter({ url })),
      // deno-lint-ignore no-explicit-any -- the package does not export the names of its choices
      sell("protobuf", new ProtobufExporter({ url, compression: "gzip" as any })),
      sell("delta", new ProtobufExporter({ url, temporalityPreference })),
      ...Array.from({ length: 200 }, () => sendDatagram(socket, "hits:1|c\nload:7|g")),
    ]);
    const valuesOf = (path: string) => {
      const found = carbon.stored(`servers.web1.${path}`, began - 1, Math.floor(Date.now() / 1000));
      return [...found?.values() ?? []];
    };
    await until(
      "carbon has everything",
      () =>
        ["json", "protobuf", "delta"].every((till) =>
          valuesOf(`otlp.${till}.stock`).length >= ROUNDS
        ) && sum(valuesOf("statsd.counters.hits.count")) === 200,
    );
    equal(await running.end(), 0, running.output());

    for (const till of ["json", "protobuf"]) {
      deepEqual(new Set(valuesOf(`otlp.${till}.orders.web.eu`)), new Set([10, 20, 30]), till);
      deepEqual(new Set(valuesOf(`otlp.${till}.time.sum`)), new Set([2, 6, 12]), till);
      deepEqual(new Set(valuesOf(`otlp.${till}.size.count`)), new Set([1, 2, 3]), till);
    }
    equal(sum(valuesOf("otlp.delta.orders.web.eu")), 30);
    equal(sum(valuesOf("otlp.delta.time.sum")), 12);
    deepEqual(valuesOf("otlp.delta.time.mean"), [2, 4, 6]);
    for (const till of ["json", "protobuf", "delta"]) {
      deepEqual(new Set(valuesOf(`otlp.${till}.stock`)), new Set([90, 80, 70]), till);
      deepEqual(new Set(valuesOf(`otlp.${till}.queue`)), new Set([1, 2, 3]), till);
    }
    deepEqual(new Set(valuesOf("statsd.gauges.load")), new Set([7]));
    await carbon.stop();
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}
