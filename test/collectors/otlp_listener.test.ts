/** OpenTelemetry's exporters (recorded) and hostile peers at the listener: names, values, answers. */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { singleRunner } from "../../src/agent/parts.ts";
import { collectors } from "../../src/collectors/registry.ts";
import { resolveSettings } from "../../src/config/resolve.ts";
import { handlers } from "../../src/handlers/registry.ts";
import { configFiles } from "../../src/platform/fs/config_files.ts";
import { createHost } from "../../src/platform/host.ts";
import bodies from "../formats/otlp_bodies.json" with { type: "json" };
import { freePort, temporary } from "../harness/agent_process.ts";
import { recordedLog } from "../harness/recorded_log.ts";

const { path: directory, remove } = temporary();
after(remove);
const name = "OtlpListenerCollector";
const JSON_TYPE = { "content-type": "application/json" };
const PROTOBUF = { "content-type": "application/x-protobuf" };

const packed = (body: string) => new Uint8Array(Buffer.from(body, "base64"));
const unpacked = (body: string) => new Uint8Array(gunzipSync(packed(body)));

async function listener(options: string) {
  const port = await freePort();
  const path = join(directory, `${port}.conf`);
  writeFileSync(
    path,
    `[server]\n[collectors]\n[[${name}]]\nenabled = True\npath = otlp\nhostname = h\nlistener_port = ${port}\n${options}`,
  );
  const settings = await resolveSettings({
    path,
    files: configFiles,
    catalogue: { collectors, handlers },
    only: [name],
  });
  deepEqual(settings.problems, []);
  const log = recordedLog();
  const host = createHost({ procfs: "", sysfs: "", rootfs: "" });
  const runner = await singleRunner(settings.collectors[0], host, log);
  const published = async () => {
    const { metrics, error } = await runner.run(1_700_000_000);
    equal(error, undefined);
    return Object.fromEntries(
      metrics.map(({ series, value }) => [series.path.split(".otlp.")[1], value]),
    );
  };
  await published();
  const post = async (body: Uint8Array | string, headers: Record<string, string>) => {
    const how = { method: "POST", body: new Blob([body as string]), headers };
    const answer = await fetch(`http://127.0.0.1:${port}/v1/metrics`, how);
    return { answer, bytes: new Uint8Array(await answer.arrayBuffer()) };
  };
  return { port, log, runner, published, post, [Symbol.asyncDispose]: () => runner.dispose() };
}

const own = (found: Record<string, number>) =>
  ["points", "resent", "unreadable", "left_out"].map((of) => found[`listener.${of}`]);

/** A request of gauges with these names. */
function gauges(...names: string[]): string {
  const dataPoints = [{ timeUnixNano: "1700000000000000000", asInt: "1" }];
  const metrics = names.map((name) => ({ name, gauge: { dataPoints } }));
  return JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
}

describe("the listener for OpenTelemetry", () => {
  const packedProtobuf = { ...PROTOBUF, "content-encoding": "gzip" };
  for (
    const [kind, [first, second], headers, empty] of [
      ["JSON", bodies.json.map(unpacked), JSON_TYPE, "{}"],
      ["packed protobuf", bodies.protobuf.map(packed), packedProtobuf, ""],
    ] as const
  ) {
    it(`publishes what exporters send, and what they send again once: ${kind}`, async () => {
      await using it = await listener("");
      for (const body of [first, second, second]) {
        const { answer, bytes } = await it.post(body, headers);
        deepEqual([answer.status, new TextDecoder().decode(bytes)], [200, empty]);
        equal(answer.headers.get("content-type"), headers["content-type"]);
      }
      const found = await it.published();
      const { "shop.shop.orders.web.eu": orders, "shop.shop.orders.web.us": others } = found;
      ok(Math.abs(orders / others - 20) < 0.1, `${orders} and ${others} a second`);
      ok(others > 0.3 && others <= 0.5, `${others} a second`);
      equal(found["shop.http.server.duration.GET.mean"], 138.8125);
      equal(found["shop.queue.length"], 0);
      equal(found["shop.temp.till_1_a"], 22.5);
      deepEqual(own(found).slice(1), [6, 0, 0]);
    });
  }

  it("names by attributes, resource and options", async () => {
    await using it = await listener(
      "labels = pairs\ndrop_labels = app,\nresource_attributes = service.name, service.instance.id\n" +
        "deny = http,\ncounters = raw\n[[[rename]]]\nshop.orders = orders\n",
    );
    await it.post(unpacked(bodies.json[0]), JSON_TYPE);
    const found = Object.entries(await it.published()).map(([path, value]) => `${path} ${value}`);
    deepEqual(found.filter((line) => !line.startsWith("listener.")).sort(), [
      "shop.a1.orders.zone.eu 10",
      "shop.a1.orders.zone.us 1",
      "shop.a1.queue.length 1",
      "shop.a1.temp.place.till_1_a 21.5",
    ]);
  });

  it("says in its answer what it did not take", async () => {
    await using it = await listener("max_names = 2\n");
    const { answer, bytes } = await it.post(gauges("a", "b", "c", "", "d"), JSON_TYPE);
    equal(answer.status, 200);
    deepEqual(JSON.parse(new TextDecoder().decode(bytes)), {
      partialSuccess: {
        rejectedDataPoints: "3",
        errorMessage: 'more than max_names = 2, with "c"',
      },
    });
    deepEqual(own(await it.published()), [2, 0, 1, 2]);
    equal(it.runner.crowd?.message, 'more than max_names = 2, with "c"');
    const all = await it.post(unpacked(bodies.protobuf[0]), PROTOBUF);
    deepEqual([all.answer.status, ...all.bytes.subarray(0, 4)], [200, 10, all.bytes.length - 2, 8, 6]);
  });

  it("tells programs to wait where an interval has too many points", async () => {
    await using it = await listener("max_points = 2\ninterval = 7\n");
    equal((await it.post(gauges("a", "b"), JSON_TYPE)).answer.status, 200);
    const { answer, bytes } = await it.post(gauges("c"), JSON_TYPE);
    deepEqual([answer.status, answer.headers.get("retry-after")], [429, "7"]);
    match(new TextDecoder().decode(bytes), /more than max_points = 2/);
    deepEqual(own(await it.published()), [2, 0, 0, 1]);
    equal((await it.post(gauges("c"), JSON_TYPE)).answer.status, 200);
    deepEqual(own(await it.published()), [1, 0, 0, 0]);
  });

  it("refuses what it cannot read, and stays", async () => {
    await using it = await listener("");
    const status = async (body: string | Uint8Array, headers: Record<string, string>) =>
      (await it.post(body, headers)).answer.status;
    equal(await status("{", JSON_TYPE), 400);
    equal(await status("[]", JSON_TYPE), 400);
    equal(await status("no protobuf", PROTOBUF), 400);
    equal(await status("a 1", { "content-type": "text/plain" }), 415);
    equal(await status("x", { ...JSON_TYPE, "content-encoding": "zstd" }), 415);
    equal(await status("x".repeat(4 * 1024 * 1024 + 1), JSON_TYPE), 413);
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(5 * 1024 * 1024)));
    equal(await status(bomb, { ...JSON_TYPE, "content-encoding": "gzip" }), 413);
    equal(await status(gauges("a"), { ...JSON_TYPE, origin: "http://evil" }), 403);
    equal((await fetch(`http://127.0.0.1:${it.port}/`)).status, 404);
    deepEqual(own(await it.published()), [0, 0, 8, 0]);
    match(it.log.lines.join("\n"), /what came/);
    equal(await status(gauges("a"), JSON_TYPE), 200);
  });
});
