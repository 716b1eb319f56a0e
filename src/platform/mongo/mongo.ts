/** MongoDB by its own driver, which is loaded when a collector first connects. */

import { badData, codeOf, messageOf, timedOut, undelivered } from "../../core/errors.ts";
import type { Mongo, MongoDocument } from "../../ports/mongo.ts";

/** One connection, to this server alone: other members of its replica set are other hosts. */
const OPTIONS = { directConnection: true, maxPoolSize: 1, appName: "diamond-agent" };
const TIMEOUT_MS = 60_000;

export const realMongo: Mongo = {
  async connect({ host, port, user, password, tls }, signal) {
    const { MongoClient } = await import("mongodb");
    const where = `${host}:${port}`;
    const client = new MongoClient(
      `mongodb://${host.includes(":") ? `[${host}]` : host}:${port}/`,
      {
        ...OPTIONS,
        readPreference: "secondaryPreferred",
        serverSelectionTimeoutMS: TIMEOUT_MS,
        tls,
        ...(user !== "" && { auth: { username: user, password } }),
      },
    );
    const onAbort = () => void client.close(true).catch(() => {});
    signal.addEventListener("abort", onAbort, { once: true });

    async function inTime<T>(work: Promise<T>): Promise<T> {
      try {
        const late = Promise.withResolvers<never>();
        signal.addEventListener("abort", () => late.reject(signal.reason), { once: true });
        return await Promise.race([work, late.promise]);
      } catch (error) {
        if (signal.aborted) throw timedOut(`${where} did not answer in time`, signal.reason);
        throw failureOf(error, where);
      }
    }

    try {
      await inTime(client.connect());
    } catch (error) {
      signal.removeEventListener("abort", onAbort);
      await client.close(true).catch(() => {});
      throw error;
    }
    return {
      async command(database, command) {
        return plain(await inTime(client.db(database).command({ ...command }))) as MongoDocument;
      },
      async [Symbol.asyncDispose]() {
        signal.removeEventListener("abort", onAbort);
        await client.close(true).catch(() => {});
      },
    };
  },
};

/** The server's own answers have a number; anything else is the connection. */
function failureOf(error: unknown, where: string): unknown {
  if (codeOf(error) !== undefined) return error;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === "number"
    ? badData(`${where} says: ${messageOf(error)}`)
    : undelivered(`Cannot ask ${where}`, cause ?? error);
}

/** Without the driver's own types: 64-bit numbers, decimals, times, identifiers. */
function plain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Date) return value.getTime();
  if (Array.isArray(value)) return value.map(plain);
  const { _bsontype: type } = value as { _bsontype?: string };
  if (type === undefined) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  }
  if (type === "Timestamp") return (value as { getHighBits(): number }).getHighBits() * 1000;
  const number = Number(value);
  return Number.isNaN(number) ? String(value) : number;
}
