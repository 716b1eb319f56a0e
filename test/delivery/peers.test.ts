/**
 * Every handler against every bad peer: what it says, that it goes on by itself, and that nothing is
 * lost, or sent twice where the backend confirms.
 */

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { after, describe, it } from "node:test";
import { imbalance } from "../../src/delivery/ledger.ts";
import appenlight from "../../src/handlers/appenlight.ts";
import clickhouse from "../../src/handlers/clickhouse.ts";
import datadog from "../../src/handlers/datadog.ts";
import httpPost from "../../src/handlers/http_post.ts";
import influxdb from "../../src/handlers/influxdb.ts";
import librato from "../../src/handlers/librato.ts";
import logentries from "../../src/handlers/logentries_diamond.ts";
import multiGraphitePickle from "../../src/handlers/multi_graphite_pickle.ts";
import otlp from "../../src/handlers/otlp.ts";
import prometheus from "../../src/handlers/prometheus.ts";
import remoteWrite from "../../src/handlers/prometheus_remote_write.ts";
import signalfx from "../../src/handlers/signalfx.ts";
import statsd from "../../src/handlers/stats_d.ts";
import statsite from "../../src/handlers/statsite.ts";
import tsdb from "../../src/handlers/tsdb.ts";
import { freePort, temporary, until } from "../harness/agent_process.ts";
import {
  type Answer,
  badPeer,
  httpRecorder,
  lineRecorder,
  type Misdeed,
  misdeeds,
  pathOf,
} from "../harness/bad_peers.ts";
import { certificates, CERTIFIED_NAME, noOpenssl } from "../harness/certificates.ts";
import {
  type Case,
  deadlineFor,
  IMPATIENT,
  mysqlCase,
  POINTS,
  run,
  settled,
  untilTaken,
} from "../harness/delivering.ts";
import { streamCases, telnetCase } from "../harness/line_cases.ts";
import { describeWith } from "../harness/describe_with.ts";

const lineHandlers: readonly Case[] = [
  ...streamCases,
  {
    name: "MultiGraphitePickle",
    handler: multiGraphitePickle,
    options: (host, port) => ({ host: [`${host}:${port}`] }),
  },
  telnetCase,
];

const scheme = (tls: boolean) => (tls ? "https" : "http");
const byUrl = (host: string, port: number) => ({ url: `http://${host}:${port}/`, batch: 100 });
const httpHandlers: readonly Case[] = [
  { name: "TSDB", handler: tsdb, options: (host, port) => ({ host, port }) },
  { name: "Influxdb", handler: influxdb, options: (hostname, port) => ({ hostname, port }) },
  { name: "HttpPost", handler: httpPost, options: byUrl },
  { name: "Librato", handler: librato, options: byUrl },
  { name: "PrometheusRemoteWrite", handler: remoteWrite, options: byUrl },
  { name: "OTLP", handler: otlp, options: byUrl },
  { name: "ClickHouse", handler: clickhouse, options: (host, port) => ({ host, port }) },
  { name: "Datadog", handler: datadog, options: byUrl },
  { name: "Signalfx", handler: signalfx, options: byUrl },
  { name: "Logentries", handler: logentries, options: byUrl },
  {
    name: "Appenlight",
    handler: appenlight,
    options: (host, port) => ({ server: byUrl(host, port).url, queue_size: 100 }),
  },
];

/** What the operator reads: what happened, where. Undefined: the peer may misbehave unnoticed. */
const saysOfConfirming: Readonly<Record<Misdeed, RegExp>> = {
  refused: /ECONNREFUSED|refused|Unable to connect|Connection/i,
  reset: /ECONNRESET|reset|closed|hang up|broke|socket/i,
  silent: /in time|within 0\.5 s/,
  garbage: /Parse|Invalid|malformed|HPE|HTTP|expected/i,
  half: /broke off|aborted|closed|ECONNRESET|socket|before/i,
  restart: /ECONNRESET|reset|closed|hang up|broke|socket|refused|Connection/i,
};

describe("a handler of lines and a bad peer", () => {
  for (const handler of lineHandlers) {
    it(`${handler.name}: nothing is lost`, async () => {
      await Promise.all(misdeeds.map(async (misdeed) => {
        const backend = await lineRecorder();
        const peer = await badPeer(backend.port, misdeed, false);
        const running = run(handler, "127.0.0.1", peer.port, deadlineFor(misdeed));
        await untilTaken(running, backend);
        await settled(running, backend, misdeed === "refused");
        if (misdeed === "refused") {
          match(running.said(), new RegExp(`cannot connect to 127\\.0\\.0\\.1:${peer.port}`));
          match(running.said(), /works again/);
        }
        peer.close();
        backend.close();
      }));
    });
  }
});

describe("a handler that is answered and a bad peer", () => {
  for (const handler of httpHandlers) {
    it(`${handler.name}: each point arrives once`, async () => {
      await Promise.all(misdeeds.map(async (misdeed) => {
        const backend = await httpRecorder();
        const peer = await badPeer(backend.port, misdeed, true);
        const running = run(handler, "127.0.0.1", peer.port, deadlineFor(misdeed));
        await untilTaken(running, backend);
        await settled(running, backend, true);
        const said = running.said();
        match(
          said,
          new RegExp(`error .*http://127\\.0\\.0\\.1:${peer.port}|within 0.5 s`),
          misdeed,
        );
        match(said, saysOfConfirming[misdeed], misdeed);
        match(said, /works again/);
        peer.close();
        backend.close();
      }));
    });
  }

  const answers: readonly { answer: Answer; says: RegExp }[] = [
    { answer: { status: 401, body: "who are you" }, says: /answers 401: who are you/ },
    { answer: { status: 404 }, says: /answers 404/ },
    { answer: { status: 500, body: "\u0000\u0001oops" }, says: /answers 500/ },
    { answer: { status: 503, headers: { "retry-after": "0.6" } }, says: /answers 503/ },
    { answer: { status: 429, headers: { "retry-after": "0.6" } }, says: /answers 429/ },
    {
      answer: { status: 301, headers: { location: "http://elsewhere/" } },
      says: /redirects to "http:\/\/elsewhere\/", which is not followed/,
    },
  ];
  for (const handler of httpHandlers) {
    it(`${handler.name}: refusals of the server keep the points`, async () => {
      await Promise.all(answers.map(async ({ answer, says }) => {
        const times: number[] = [];
        const backend = await httpRecorder(() => {
          times.push(performance.now());
          return times.length === 1 ? answer : undefined;
        });
        const running = run(handler, "127.0.0.1", backend.port);
        await untilTaken(running, backend);
        if (answer.headers?.["retry-after"] !== undefined) {
          ok(times[1] - times[0] >= 590, `asked to wait, it waited ${times[1] - times[0]} ms`);
        }
        await settled(running, backend, true);
        match(running.said(), says);
        backend.close();
      }));
    });

    it(`${handler.name}: a batch that is too large is split, a bad point is named`, async () => {
      const bad = pathOf(77);
      const backend = await httpRecorder((points) => {
        if (points.length > 40) return { status: 413, body: "too large" };
        return points.includes(bad) ? { status: 400, body: `cannot take ${bad}` } : undefined;
      });
      const running = run(handler, "127.0.0.1", backend.port);
      running.tick(POINTS);
      await until("it is through", () => running.worker.ledger.delivered === POINTS - 1);
      await running.worker.stop(1);
      equal(running.worker.ledger.dropped.refused, 1);
      deepEqual(backend.taken().toSorted(), running.offered().filter((path) => path !== bad));
      match(
        running.said(),
        new RegExp(`refuses 1 of \\d+ metrics for good, the first is "${bad} `),
      );
      backend.close();
    });
  }
});

describe("OpenTelemetry", () => {
  it("a partial success is counted, though nobody knows which points it was", async () => {
    const partialSuccess = { rejectedDataPoints: "3", errorMessage: "too old" };
    const answer = { status: 200, body: JSON.stringify({ partialSuccess }) };
    const backend = await httpRecorder(() => answer);
    const otlpCase = httpHandlers.find(({ handler }) => handler === otlp)!;
    const running = run(otlpCase, "127.0.0.1", backend.port);
    running.tick(POINTS);
    await until("it is through", () => running.worker.ledger.delivered === POINTS - 3);
    await running.worker.stop(1);
    equal(running.worker.ledger.dropped.refused, 3);
    match(running.said(), /refuses 3 of 300 metrics for good: .*too old/);
    backend.close();
  });
});

describe("any handler", () => {
  for (const handler of [...lineHandlers, ...httpHandlers, mysqlCase]) {
    it(`${handler.name}: a name that does not resolve is named, and the books close`, async () => {
      const running = run(handler, "does-not-exist.invalid", 9, IMPATIENT);
      running.tick(POINTS);
      await until("it says so", () => running.said().includes("error"));
      match(running.said(), /does-not-exist\.invalid|within 0\.5 s/);
      await running.worker.stop(0.2);
      const { ledger, queued } = running.worker;
      deepEqual([ledger.dropped.stopped, ledger.delivered], [POINTS, 0]);
      equal(imbalance(ledger, queued, 0), 0);
    });
  }

  for (const handler of [...lineHandlers, ...httpHandlers]) {
    it(`${handler.name}: a wall clock that jumps loses nothing`, async () => {
      const isLine = lineHandlers.includes(handler);
      const backend = isLine ? await lineRecorder() : await httpRecorder();
      const running = run(handler, "127.0.0.1", backend.port);
      running.tick(POINTS);
      running.jump(3600);
      running.tick(10);
      running.jump(-2 * 86_400);
      running.tick(10);
      await untilTaken(running, backend);
      await settled(running, backend, true);
      backend.close();
    });
  }

  it("MySQL: what does not speak its protocol is told, and nothing is lost but at the stop", async () => {
    const backend = await lineRecorder();
    for (
      const [misdeed, says] of [
        ["refused", /connection refused/],
        ["reset", /ECONNRESET|closed|lost|in time|within/i],
        ["silent", /in time|within 0\.5 s/],
        ["garbage", /error mysql|error MySQLHandler|says/i],
        ["half", /in time|within|closed|lost|says/i],
      ] as const
    ) {
      const peer = await badPeer(backend.port, misdeed, true);
      const running = run(mysqlCase, "127.0.0.1", peer.port, IMPATIENT);
      running.tick(POINTS);
      await until(`it says so: ${misdeed}`, () => says.test(running.said()));
      match(running.said(), new RegExp(`127\\.0\\.0\\.1:${peer.port}|within 0\\.5 s`));
      await running.worker.stop(0.2);
      equal(running.worker.ledger.dropped.stopped, POINTS);
      peer.close();
    }
    backend.close();
  });

  it("StatsD, and Statsite by UDP: nobody there is no reason to stop", async () => {
    const port = await freePort();
    for (
      const udp of [
        { name: "Statsd", handler: statsd, options: (name: string) => ({ host: name, port }) },
        {
          name: "Statsite",
          handler: statsite,
          options: (name: string) => ({ host: name, udpport: port }),
        },
      ]
    ) {
      const running = run(udp, "127.0.0.1", port);
      running.tick(POINTS);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running.tick(POINTS);
      // Where the system tells that nobody listens, points are kept and tried again until the stop.
      await running.worker.stop(0.3);
      const { ledger, queued } = running.worker;
      deepEqual([ledger.delivered + ledger.dropped.stopped, queued], [2 * POINTS, 0]);
      if (ledger.delivered === 0) match(running.said(), /cannot send to 127\.0\.0\.1/);
      const lost = run(udp, "does-not-exist.invalid", port);
      lost.tick(1);
      await until("it says so", () => /does-not-exist\.invalid/.test(lost.said()));
      await lost.worker.stop(0.1);
      equal(lost.worker.ledger.dropped.stopped, 1);
    }
  });

  it("Prometheus: a port that is taken is named, and listened at once it is free", async () => {
    const squatter = await lineRecorder();
    const running = run(
      {
        name: "Prometheus",
        handler: prometheus,
        options: (address, port) => ({ host: address, port }),
      },
      "127.0.0.1",
      squatter.port,
    );
    running.tick(5);
    await until(
      "it says so",
      () => running.said().includes(`cannot listen at 127.0.0.1:${squatter.port}`),
    );
    squatter.close();
    await until("it answers", () =>
      fetch(`http://127.0.0.1:${squatter.port}/metrics`).then(
        async (answer) => (await answer.text()).includes(pathOf(4)),
        () => false,
      ));
    await running.end();
  });
});

describeWith("encryption", noOpenssl, () => {
  const { path: directory, remove } = temporary();
  after(remove);

  for (const handler of [...lineHandlers, ...httpHandlers]) {
    it(`${handler.name}: only to a server that is who it should be`, async () => {
      const { ca, cert, key, certFile, keyFile } = certificates(directory);
      const isLine = lineHandlers.includes(handler);
      // It wants to see a certificate of the same authority.
      const tls = { cert, key, ca: [await read(ca)], requestCert: true, rejectUnauthorized: true };
      const backend = isLine ? await lineRecorder(tls) : await httpRecorder(undefined, tls);
      const url = `${scheme(true)}://127.0.0.1:${backend.port}/`;
      const secure = {
        tls: true,
        ca,
        cert: certFile,
        key: keyFile,
        server_name: CERTIFIED_NAME,
        url,
        server: url,
      };
      const wrong: readonly [object, RegExp][] = [
        [{ ...secure, server_name: "" }, /127\.0\.0\.1/],
        [{ ...secure, server_name: "wrong.test" }, /wrong\.test|certificate|altname|name/i],
        [{ ...secure, ca: "" }, /certificate|issuer|UNABLE_TO|unknown/i],
      ];
      for (const [options, says] of wrong) {
        const running = run(handler, "127.0.0.1", backend.port, options);
        running.tick(1);
        await until("it refuses", () => running.said().includes("error"));
        match(running.said(), says);
        await running.worker.stop(0.1);
        equal(running.worker.ledger.delivered, 0, JSON.stringify(options));
      }
      deepEqual(backend.taken(), []);
      const running = run(handler, "127.0.0.1", backend.port, secure);
      await untilTaken(running, backend);
      await settled(running, backend, true);
      backend.close();
    });
  }
});

async function read(path: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return await readFile(path, "utf8");
}
