/** Handlers of services that cannot be run here: what they post, by the services' own documents. */

import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import { createHash, createHmac, createVerify, generateKeyPairSync } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { codeOf } from "../../src/core/errors.ts";
import type { AnyHandler } from "../../src/core/handler.ts";
import type { Metric } from "../../src/core/metric.ts";
import type { Host } from "../../src/ports/host.ts";
import appenlight from "../../src/handlers/appenlight.ts";
import cloudwatch from "../../src/handlers/cloudwatch.ts";
import datadog from "../../src/handlers/datadog.ts";
import logentries from "../../src/handlers/logentries_diamond.ts";
import pubsub from "../../src/handlers/pubsub.ts";
import sentry from "../../src/handlers/sentry.ts";
import signalfx from "../../src/handlers/signalfx.ts";
import { realClock } from "../../src/platform/clock.ts";
import { realCredentials } from "../../src/platform/net/credentials.ts";
import { realNet } from "../../src/platform/net/network.ts";
import { temporary } from "../harness/agent_process.ts";
import { handlerDefaults } from "../harness/defaults.ts";
import { metric } from "../harness/metrics.ts";
import { recordedLog } from "../harness/recorded_log.ts";

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = string | { readonly status: number; readonly body: string };

const asked: Asked[] = [];
let answer: (asked: Asked) => Answer = () => "{}";
const server = createServer(async (request, response) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const bytes = Buffer.concat(chunks);
  const isPacked = request.headers["content-encoding"] === "gzip";
  const { method = "", url = "", headers } = request;
  const one = { method, url, headers, body: `${isPacked ? gunzipSync(bytes) : bytes}` };
  asked.push(one);
  const found = answer(one);
  const { status, body } = typeof found === "string" ? { status: 200, body: found } : found;
  response.writeHead(status).end(body);
});
const listening = new Promise<string>((resolve) =>
  server.listen(0, "127.0.0.1", () => {
    resolve(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
  })
);
const { path: directory, remove } = temporary();
after(() => {
  server.close();
  server.closeAllConnections?.();
  remove();
});

const idle: Metric = metric("servers.host1.cpu.total.idle", 1.5, 1_000_000_000, {
  host: "host1",
  collector: "cpu",
  name: "total.idle",
  precision: 2,
  ttl: 600,
});
const counted: Metric = metric("servers.host1.tcp.Opens", 3, 1_000_000_000, {
  host: "host1",
  collector: "tcp",
  name: "Opens",
  kind: "counter",
});

/** What is posted of a batch, and what is said meanwhile. */
async function send(
  handler: AnyHandler,
  options: object,
  environment: Record<string, string> = {},
  batch: readonly Metric[] = [idle, counted],
) {
  const credentials = {
    ...realCredentials,
    variable: (name: string) => environment[name] ?? "",
    file: (path: string) => path.startsWith("~") ? undefined : realCredentials.file(path),
  };
  const host = { net: realNet, clock: realClock, credentials } as unknown as Host;
  const log = recordedLog();
  asked.length = 0;
  const sink = handler.open({ host, options: { ...handlerDefaults(handler), ...options }, log });
  await sink.write(batch, new AbortController().signal);
  await sink[Symbol.asyncDispose]();
  return { asked, said: log.lines.join("\n") };
}

const jsonOf = ({ body }: Asked) => JSON.parse(body);

describe("Datadog", () => {
  it("gets gauges with their host, and the key in a header", async () => {
    const { asked: [{ url, headers, body }] } = await send(datadog, {
      url: `${await listening}/`,
      api_key: "secret",
      tags: ["env:test"],
    });
    deepEqual([url, headers["dd-api-key"], headers["content-encoding"]], [
      "/api/v2/series",
      "secret",
      "gzip",
    ]);
    const of = (name: string, value: number) => ({
      metric: name,
      type: 3,
      points: [{ timestamp: 1_000_000_000, value }],
      resources: [{ type: "host", name: "host1" }],
      tags: ["env:test"],
    });
    deepEqual(JSON.parse(body), {
      series: [of("servers.cpu.total.idle", 1.5), of("servers.tcp.Opens", 3)],
    });
  });
});

describe("SignalFx", () => {
  const point = (name: string, value: number, collector: string) => ({
    metric: name,
    value,
    timestamp: 1_000_000_000_000,
    dimensions: { collector, prefix: "servers", host: "host1" },
  });

  it("gets gauges and counters with milliseconds", async () => {
    const { asked: [post] } = await send(signalfx, { url: await listening, auth_token: "T" });
    equal(post.headers["x-sf-token"], "T");
    deepEqual(jsonOf(post), {
      gauge: [point("total.idle", 1.5, "cpu")],
      counter: [point("Opens", 3, "tcp")],
    });
  });

  it("gets what the rules let through, colons and all; nothing is not posted", async () => {
    const rules = (...filter_metrics_regex: string[]) => ({ filter_metrics_regex });
    const url = await listening;
    const { asked: [post] } = await send(signalfx, { url, ...rules("cpu:(?:total|x).*", "a:b") });
    deepEqual(Object.keys(jsonOf(post)), ["gauge"]);
    equal((await send(signalfx, { url, ...rules("cpu:otal") })).asked.length, 0);
    await rejects(send(signalfx, { url, ...rules("cpu") }), /is not COLLECTOR:EXPRESSION/);
  });
});

it("Logentries gets an event for each metric", async () => {
  const url = await listening;
  const { asked: posts } = await send(logentries, { url, log_token: "a/b" });
  deepEqual(posts.map(({ url, body }) => [url, body]), [
    ["/a%2Fb", '{"event":{"servers.host1.cpu.total.idle":"1.50"}}'],
    ["/a%2Fb", '{"event":{"servers.host1.tcp.Opens":"3"}}'],
  ]);
});

it("AppEnlight gets entries with microseconds", async () => {
  const { asked: [post] } = await send(appenlight, { server: await listening, apikey: "K" });
  deepEqual([post.url, post.headers["x-appenlight-api-key"]], ["/api/general_metrics", "K"]);
  deepEqual(jsonOf(post)[0], {
    namespace: "servers.cpu",
    timestamp: "2001-09-09T01:46:40.000000",
    server_name: "host1",
    tags: [["value", 1.5], ["gauge", "GAUGE"], ["name", "total.idle"]],
  });
});

describe("CloudWatch", () => {
  const rule = (more: object) => ({
    collector: "cpu",
    metric: "total.idle",
    namespace: "MachineLoad",
    name: "Idle",
    unit: "Percent",
    collect_by_instance: false,
    collect_without_dimension: true,
    dimensions: {},
    ...more,
  });
  const keys = { access_key_id: "AKID", secret_access_key: "wJalrXUtnFEMI" };

  /** As Amazon's document describes the signature, step by step. */
  function signature({ method, url, headers, body }: Asked, secret: string): string {
    const [, date, names] =
      /Credential=AKID\/(\d+)\/us-east-1\/monitoring\/aws4_request, SignedHeaders=([^,]+),/
        .exec(headers.authorization!)!;
    const sha = (text: string) => createHash("sha256").update(text).digest("hex");
    const mac = (key: string | Uint8Array, text: string) =>
      createHmac("sha256", key).update(text).digest();
    const signed = names.split(";").map((name) => `${name}:${headers[name]}\n`).join("");
    const request = [method, url, "", signed, names, sha(body)].join("\n");
    const scope = `${date}/us-east-1/monitoring/aws4_request`;
    const text = ["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, sha(request)].join("\n");
    const key = [date, "us-east-1", "monitoring", "aws4_request"].reduce<string | Uint8Array>(
      mac,
      `AWS4${secret}`,
    );
    return mac(key, text).toString("hex");
  }

  it("gets what rules name, signed", async () => {
    const { asked: posts } = await send(cloudwatch, {
      url: `${await listening}/`,
      ...keys,
      "*": new Map([["one", rule({ dimensions: { environment: "dev box" } })]]),
    });
    equal(posts.length, 1);
    deepEqual([...new URLSearchParams(posts[0].body)], [
      ["Action", "PutMetricData"],
      ["Version", "2010-08-01"],
      ["Namespace", "MachineLoad"],
      ["MetricData.member.1.MetricName", "Idle"],
      ["MetricData.member.1.Value", "1.5"],
      ["MetricData.member.1.Unit", "Percent"],
      ["MetricData.member.1.Timestamp", "2001-09-09T01:46:40Z"],
      ["MetricData.member.1.Dimensions.member.1.Name", "environment"],
      ["MetricData.member.1.Dimensions.member.1.Value", "dev box"],
    ]);
    match(
      posts[0].headers.authorization!,
      new RegExp(`Signature=${signature(posts[0], keys.secret_access_key)}$`),
    );
  });

  it("asks the machine for keys and for its name, each once", async () => {
    const base = await listening;
    const role = {
      AccessKeyId: "AKID",
      SecretAccessKey: "lent secret",
      Token: "lent token",
      Expiration: "2999-01-01T00:00:00Z",
    };
    answer = ({ url, headers }) => {
      if (url === "/latest/api/token") return "session";
      if (url === "/") return "<ok/>";
      equal(headers["x-aws-ec2-metadata-token"], "session");
      if (url.endsWith("/instance-id")) return "i-0abc";
      return url.endsWith("/security-credentials/") ? "diamond" : JSON.stringify(role);
    };
    const two = new Map([["a", rule({ collect_by_instance: true })], ["b", rule({ name: "B" })]]);
    const { asked: all } = await send(cloudwatch, { url: `${base}/`, "*": two }, {
      AWS_EC2_METADATA_SERVICE_ENDPOINT: base,
    });
    const [post] = all.filter(({ url }) => url === "/");
    const fields = new URLSearchParams(post.body);
    equal(fields.get("MetricData.member.1.Dimensions.member.1.Value"), "i-0abc");
    equal(fields.get("MetricData.member.3.MetricName"), "B");
    equal(post.headers["x-amz-security-token"], "lent token");
    match(post.headers.authorization!, new RegExp(signature(post, "lent secret")));
    answer = () => "{}";
  });

  it("takes keys from the environment, then from a file", async () => {
    const file = join(directory, "credentials");
    writeFileSync(
      file,
      "[other]\naws_access_key_id = X\n[default]\naws_access_key_id=AKID\naws_secret_access_key = filed\n",
    );
    const url = `${await listening}/`;
    for (
      const [environment, secret] of [
        [{ AWS_ACCESS_KEY_ID: "AKID", AWS_SECRET_ACCESS_KEY: "set" }, "set"],
        [{ AWS_SHARED_CREDENTIALS_FILE: file }, "filed"],
      ] as const
    ) {
      const { asked: [post] } = await send(
        cloudwatch,
        { url, "*": new Map([["a", rule({})]]) },
        environment,
      );
      match(post.headers.authorization!, new RegExp(signature(post, secret)));
    }
  });

  it("is waited for where it throttles, and believed where a value is wrong", async () => {
    const settings = { url: `${await listening}/`, ...keys, "*": new Map([["a", rule({})]]) };
    const says = (code: string) => ({ status: 400, body: `<Error><Code>${code}</Code></Error>` });
    for (
      const [code, kind] of [["Throttling", "undelivered"], ["InvalidParameterValue", "refused"]]
    ) {
      answer = () => says(code);
      await rejects(send(cloudwatch, settings), (error) => codeOf(error) === kind);
    }
    answer = () => "{}";
  });
});

describe("Pub/Sub", () => {
  const topic = "projects/p/topics/t";
  const dataOf = (post: Asked) =>
    jsonOf(post).messages.map(({ data }: { data: string }) =>
      JSON.parse(Buffer.from(data, "base64").toString())
    );

  it("gets messages, by a token that a service account's key was signed for", async () => {
    const base = await listening;
    const pair = generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", format: "pem" },
      privateKeyEncoding: { type: "pkcs8", format: "pem" },
    });
    const file = join(directory, "account.json");
    writeFileSync(
      file,
      JSON.stringify({
        type: "service_account",
        client_email: "agent@p",
        private_key: pair.privateKey,
        token_uri: `${base}/token`,
      }),
    );
    answer = ({ url }) =>
      url === "/token" ? '{"access_token":"granted","expires_in":3600}' : '{"messageIds":["1"]}';
    const { asked: [token, post] } = await send(
      pubsub,
      { url: base, topic, tags: ["key1: é", "a:b:c"] },
      { GOOGLE_APPLICATION_CREDENTIALS: file },
    );
    const [head, claims, proof] = new URLSearchParams(token.body).get("assertion")!.split(".");
    ok(
      createVerify("RSA-SHA256").update(`${head}.${claims}`).verify(
        pair.publicKey,
        proof,
        "base64url",
      ),
    );
    const { iss, scope, aud } = JSON.parse(Buffer.from(claims, "base64url").toString());
    deepEqual([iss, scope, aud], [
      "agent@p",
      "https://www.googleapis.com/auth/pubsub",
      `${base}/token`,
    ]);
    deepEqual([post.url, post.headers.authorization], [`/v1/${topic}:publish`, "Bearer granted"]);
    deepEqual(dataOf(post)[0], {
      host: "host1",
      service: "servers.cpu.total.idle",
      time: 1_000_000_000,
      metric: 1.5,
      ttl: 600,
      tags: { key1: "é", a: "b:c" },
    });
    answer = () => "{}";
  });

  it("asks the machine where there is no account, and nobody where there is an emulator", async () => {
    const base = await listening;
    const name = base.slice("http://".length);
    answer = ({ url }) =>
      url.endsWith("/token") ? '{"access_token":"of the machine","expires_in":60}' : "{}";
    const machine = await send(pubsub, { url: base, topic }, { GCE_METADATA_HOST: name });
    deepEqual(
      machine.asked.map(({ headers }) => headers["metadata-flavor"] ?? headers.authorization),
      [
        "Google",
        "Bearer of the machine",
      ],
    );
    const emulated = await send(pubsub, { topic }, { PUBSUB_EMULATOR_HOST: name });
    deepEqual(emulated.asked.map(({ url, headers }) => [url, headers.authorization]), [
      [`/v1/${topic}:publish`, undefined],
    ]);
    answer = () => "{}";
  });

  it("knows Diamond's words for batch", () => {
    for (const word of ["None", "count", "size"]) equal(pubsub.options.batch.parse(word), 1000);
    equal(pubsub.options.batch.parse("7"), 7);
  });
});

describe("Sentry", () => {
  const rule = (more: object) => ({
    name: "Idle",
    path: "cpu\\.total\\.idle",
    min: undefined,
    max: undefined,
    ...more,
  });
  const dsn = async () => `${(await listening).replace("//", "//key:old@")}/base/7`;

  it("gets an event of each metric that is out of bounds", async () => {
    const rules = new Map([["low", rule({ min: 2, max: 9 })], ["well", rule({ min: 1.5 })]]);
    const { asked: [post, more] } = await send(sentry, { dsn: await dsn(), "*": rules });
    equal(more, undefined);
    equal(post.url, "/base/api/7/envelope/");
    match(
      `${post.headers["x-sentry-auth"]}`,
      /^Sentry sentry_version=7, .*sentry_key=key, sentry_secret=old$/,
    );
    const [head, item, event] = post.body.trim().split("\n").map((line) => JSON.parse(line));
    deepEqual([item.type, head.event_id], ["event", event.event_id]);
    match(event.event_id, /^[0-9a-f]{32}$/);
    deepEqual([event.level, event.logger, event.culprit, event.logentry.formatted], [
      "error",
      "SentryHandler",
      "host1 cpu.total.idle",
      "Idle Warning on host1: 1.5",
    ]);
    const { extra } = event;
    deepEqual([extra["metric prefix"], extra["minimum check"], extra["maximum check"]], [
      "servers.host1",
      "1.5 is lower than 2",
      "1.5 is lower than 9",
    ]);
    deepEqual([extra["total errors"], extra["total pass"]], [1, 0]);
  });

  it("gets the same event with the same number when it is sent again", async () => {
    const options = { dsn: await dsn(), "*": new Map([["low", rule({ min: 2 })]]) };
    const numbers = [await send(sentry, options), await send(sentry, options)].map(() =>
      jsonOf({ ...asked[0], body: asked[0].body.split("\n")[0] }).event_id
    );
    equal(numbers[0], numbers[1]);
  });

  it("leaves out rules that say nothing, and says so", async () => {
    const rules = new Map([
      ["none", rule({})],
      ["crossed", rule({ min: 3, max: 2 })],
      ["nameless", rule({ path: "", min: 1 })],
    ]);
    const { said, asked: posts } = await send(sentry, { dsn: await dsn(), "*": rules });
    equal(posts.length, 0);
    match(said, /rule none is left out: it has neither min nor max/);
    match(said, /rule crossed .*min is over max/);
    match(said, /rule nameless .*no path/);
    await rejects(send(sentry, { dsn: "http://nowhere" }), /dsn is not of the form/);
  });
});
