import { deepEqual, equal, rejects } from "node:assert/strict";
import { describe, it } from "node:test";
import { Long } from "bson";
import { realMongo } from "../../src/platform/mongo/mongo.ts";
import { scramServer, startMongod, startSilent } from "../harness/mongod.ts";

const login = { host: "127.0.0.1", user: "", password: "", tls: false };

describe("MongoDB", () => {
  it("answers as plain data: numbers of 64 bits, times, nested documents", async () => {
    using server = await startMongod((command) => ({
      asked: Object.keys(command)[0],
      large: Long.fromString("5000000000"),
      time: new Date(1000),
      inner: { list: [1, Long.fromNumber(2)] },
    }));
    await using connection = await realMongo.connect(
      { ...login, port: server.port },
      AbortSignal.timeout(8000),
    );
    const { asked, large, time, inner } = await connection.command("admin", { serverStatus: 1 });
    deepEqual({ asked, large, time, inner }, {
      asked: "serverStatus",
      large: 5_000_000_000,
      time: 1000,
      inner: { list: [1, 2] },
    });
  });

  it("is logged in to with a password, and a wrong one is told", async () => {
    const scram = scramServer("pencil");
    using server = await startMongod((command) => "payload" in command ? scram(command) : { x: 1 });
    const as = (password: string) =>
      realMongo.connect(
        { ...login, port: server.port, user: "user", password },
        AbortSignal.timeout(8000),
      );
    await using connection = await as("pencil");
    equal((await connection.command("admin", { serverStatus: 1 })).x, 1);
    await rejects(as("pen"), /says: Authentication failed/);
  });

  it("is told when nobody is there, and when it is silent", async () => {
    await rejects(
      realMongo.connect({ ...login, port: 1 }, AbortSignal.timeout(700)),
      /127\.0\.0\.1:1/,
    );
    using silent = await startSilent();
    await rejects(
      realMongo.connect({ ...login, port: silent.port }, AbortSignal.timeout(500)),
      /did not answer in time/,
    );
  });
});
