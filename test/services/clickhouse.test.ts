/** A table of a real ClickHouse has what is sent, whatever goes wrong on the way. */

import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { clickhouseSchema } from "../../src/formats/clickhouse.ts";
import clickhouseHandler from "../../src/handlers/clickhouse.ts";
import { freePort, temporary, until } from "../harness/agent_process.ts";
import { badPeer, misdeeds } from "../harness/bad_peers.ts";
import {
  clickhouse,
  CLICKHOUSE_PASSWORD,
  type ClickhouseServer,
  makeTable,
  noClickhouse,
  untilMerged,
} from "../harness/clickhouse.ts";
import { type Case, POINTS, run } from "../harness/delivering.ts";
import { describeWith } from "../harness/describe_with.ts";
import { metric } from "../harness/metrics.ts";

const { path: directory, remove } = temporary();
after(remove);

const clickhouseCase: Case = {
  name: "ClickHouse",
  handler: clickhouseHandler,
  options: (host, port) => ({ host, port }),
};

const schema = (table: string) => clickhouseSchema({ database: "default", table });

async function pathsOf(server: ClickhouseServer, table: string): Promise<string[]> {
  return (await server.rows(table)).map(({ Path }) => Path);
}

describeWith("ClickHouse", noClickhouse, () => {
  it("has each row, whatever goes wrong on the way", async () => {
    const server = await clickhouse(join(directory, "peers"), await freePort());
    for (const misdeed of misdeeds) {
      await makeTable(server, schema(misdeed));
      const peer = await badPeer(server.port, misdeed, true);
      const running = run(clickhouseCase, "127.0.0.1", peer.port, {
        table: misdeed,
        compression: misdeed === "reset" ? 6 : 0,
      });
      running.tick(POINTS);
      await until("all are taken", () => {
        running.tick(1);
        return running.worker.ledger.delivered > POINTS;
      });
      await running.end();
      match(running.said(), new RegExp(`error ClickHouseHandler.*(:${peer.port}|0\\.5 s)`));
      deepEqual(await pathsOf(server, misdeed), running.offered(), misdeed);
      peer.close();
    }
    await server.stop("SIGKILL");
  });

  it("has paths, values and times as they are", async () => {
    const server = await clickhouse(join(directory, "values"), await freePort());
    await makeTable(server, schema("odd-name"));
    const running = run(clickhouseCase, "127.0.0.1", server.port, {
      ...{ timeout: 5, table: "odd-name", username: "me", password: CLICKHOUSE_PASSWORD },
    });
    const values = [0, -1.5, 1e-7, 1e21, 123456789.123, Number.MAX_SAFE_INTEGER];
    const time = Date.UTC(2026, 11, 31, 23, 59, 59) / 1000;
    running.worker.offer(values.map((value, at) => metric(`v${at}.\tä\\n`, value, time + at)));
    running.worker.flush();
    await until("they are taken", () => running.worker.ledger.delivered === values.length);
    await running.worker.stop(1);
    const rows = await server.rows("`odd-name`");
    deepEqual(rows.map(({ Path }) => Path), values.map((_, at) => `v${at}.\tä\\n`));
    deepEqual(rows.map(({ Value }) => Value), values);
    deepEqual(rows.map(({ Time }) => Time), values.map((_, at) => time + at));
    deepEqual(rows.slice(0, 2).map(({ Date }) => Date), ["2026-12-31", "2027-01-01"]);
    await server.stop("SIGKILL");
  });

  it("has each where the server stood still, or was killed; what came twice is one row", async () => {
    const base = join(directory, "still");
    let server = await clickhouse(base, await freePort());
    await makeTable(server, schema("graphite"));
    const running = run(clickhouseCase, "127.0.0.1", server.port);
    for (const signal of ["SIGKILL", "SIGKILL"] as const) {
      server.send("SIGSTOP");
      running.tick(POINTS);
      const { retries } = running.worker.ledger;
      await until("it has given up twice", () => running.worker.ledger.retries >= retries + 2);
      server.send("SIGCONT");
      await until("all are taken", () => running.worker.queued === 0);
      running.tick(POINTS);
      await server.stop(signal);
      server = await clickhouse(base, server.port);
    }
    await running.end();
    await untilMerged(server, "graphite");
    deepEqual(await pathsOf(server, "graphite"), running.offered());
    await server.stop("SIGKILL");
  });

  it("says what is wrong with login and table, and goes on where it is mended", async () => {
    const server = await clickhouse(join(directory, "mended"), await freePort());
    const wrong = run(clickhouseCase, "127.0.0.1", server.port, {
      ...{ timeout: 5, username: "me", password: "not the right one" },
    });
    wrong.tick(1);
    await until(
      "it says so",
      () => /answers 401: Code: 193.*: look at username and password/.test(wrong.said()),
    );
    ok(!wrong.said().includes("not the right one"));
    await wrong.worker.stop(0.1);
    const running = run(clickhouseCase, "127.0.0.1", server.port, { timeout: 5, table: "later" });
    running.tick(POINTS);
    await until(
      "it says so",
      () =>
        /answers 404: Code: 60,.* default\.later .*: `diamond-agent schema clickhouse` prints/
          .test(running.said()),
    );
    await makeTable(server, schema("later"));
    await until("all are taken", () => running.worker.ledger.delivered === POINTS);
    await running.end();
    equal((await server.rows("later")).length, POINTS);
    await server.stop("SIGKILL");
  });
});

interface Insert {
  readonly query: URLSearchParams;
  readonly body: string;
}

/** `answer` undefined: taken, and the connection ends without an answer. */
async function recorder(
  answer: (insert: Insert, count: number) => { status: number; body: string } | undefined,
) {
  const inserts: Insert[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { searchParams: query } = new URL(request.url ?? "", "http://x");
    const insert = { query, body: Buffer.concat(chunks).toString() };
    const said = answer(insert, inserts.length);
    inserts.push(insert);
    if (said === undefined) response.destroy();
    else response.writeHead(said.status).end(said.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, inserts, close: () => server.close() };
}

describe("what ClickHouse is sent again", () => {
  it("has the same rows and the same token, whatever is to be sent meanwhile", async () => {
    const server = await recorder((_, count) => count < 2 ? undefined : { status: 200, body: "" });
    const running = run(clickhouseCase, "127.0.0.1", server.port);
    running.tick(3);
    await until("it was sent once", () => server.inserts.length > 0);
    running.tick(2);
    await until("all are taken", () => running.worker.ledger.delivered === 5);
    await running.end();
    const [first, second, third, ...more] = server.inserts;
    const tokens = server.inserts.map(({ query }) => query.get("insert_deduplication_token"));
    deepEqual([second, third].map(({ body }) => body), [first.body, first.body]);
    deepEqual(tokens.slice(0, 3), [tokens[0], tokens[0], tokens[0]]);
    deepEqual(more.map(({ body }) => body.split("\n").length - 1), [2]);
    ok(tokens[3] !== tokens[0] && !first.body.includes(more[0].body.split("\t")[0]));
    server.close();
  });

  it("has only settings that the server knows", async () => {
    const server = await recorder(({ query }) =>
      query.has("wait_for_async_insert")
        ? { status: 404, body: "Code: 115. DB::Exception: Unknown setting 'wait_for_async_insert'" }
        : { status: 200, body: "" }
    );
    const running = run(clickhouseCase, "127.0.0.1", server.port);
    running.tick(1);
    await until("it is taken", () => running.worker.ledger.delivered === 1);
    running.tick(1);
    await running.end();
    deepEqual(server.inserts.map(({ query }) => query.has("wait_for_async_insert")), [
      true,
      false,
      false,
    ]);
    ok(server.inserts.every(({ query }) => query.has("insert_deduplication_token")));
    server.close();
  });

  it("is not taken where an answer that began well ends with an exception", async () => {
    const body = "Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)";
    const server = await recorder((_, count) => ({ status: 200, body: count === 0 ? body : "" }));
    const running = run(clickhouseCase, "127.0.0.1", server.port);
    running.tick(POINTS);
    await until("all are taken", () => running.worker.ledger.delivered === POINTS);
    await running.end();
    match(running.said(), /answers 200: Code: 241\. DB::Exception: Memory limit/);
    equal(server.inserts.length, 2);
    server.close();
  });

  it("is without a row that the server cannot read, which is named", async () => {
    const bad = "p00077x";
    const server = await recorder(({ body }) =>
      body.includes(bad)
        ? { status: 500, body: "Code: 27, e.displayText() = DB::Exception: Cannot parse input" }
        : { status: 200, body: "" }
    );
    const running = run(clickhouseCase, "127.0.0.1", server.port);
    running.tick(POINTS);
    await until("it is through", () => running.worker.ledger.delivered === POINTS - 1);
    await running.worker.stop(1);
    match(running.said(), new RegExp(`refuses 1 of \\d+ metrics for good, the first is "${bad} `));
    server.close();
  });

  it("goes into a database and a table that have names", () => {
    const { database, table } = clickhouseHandler.options;
    for (const wrong of ["a.b", "x`; DROP", ""]) {
      for (const option of [database, table]) throws(() => option.parse(wrong), /is not a name: /);
    }
  });
});
