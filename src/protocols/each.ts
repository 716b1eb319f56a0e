/** Several servers, asked at once: one that is down costs the others nothing. */

import { codeOf, Failure, messageOf } from "../core/errors.ts";
import { addressText, type Server } from "../core/option.ts";

type Named = Pick<Server, "host" | "port" | "socket">;

/** Asks each server. Throws when all are done and some failed: a failure with a part for each of those. */
export function eachServer<T extends Named>(
  servers: readonly T[],
  work: (server: T) => Promise<void>,
): Promise<void> {
  return each(servers, addressText, work);
}

/** The same for anything that has a name, `atOnce` of them at a time. */
export async function each<T>(
  all: readonly T[],
  nameOf: (one: T) => string,
  work: (one: T) => Promise<void>,
  atOnce = all.length,
): Promise<void> {
  const results = await settled(all, work, atOnce);
  const failed = results.flatMap((result, at) =>
    result.status === "rejected" ? [{ name: nameOf(all[at]), error: result.reason as unknown }] : []
  );
  if (failed.length === 0) return;
  const parts = failed.map(({ name, error }) => ({ name, message: messageOf(error) }));
  const text = parts.map(({ name, message }) =>
    names(message, name) ? message : `${name}: ${message}`
  );
  const failure = new Failure(
    codeOf(failed[0].error) ?? "bad-data",
    text.join("; "),
    failed[0].error,
  );
  if (all.length > 1) failure.parts = parts;
  throw failure;
}

async function settled<T>(
  all: readonly T[],
  work: (one: T) => Promise<void>,
  atOnce: number,
): Promise<PromiseSettledResult<void>[]> {
  if (atOnce >= all.length) return await Promise.allSettled(all.map(work));
  const results: PromiseSettledResult<void>[] = [];
  const waiting = all.entries();
  const takeTurns = async () => {
    for (const [at, one] of waiting) [results[at]] = await Promise.allSettled([work(one)]);
  };
  await Promise.all(Array.from({ length: atOnce }, takeTurns));
  return results;
}

/** Whether a message says which one it is about, by the name or by the address in it: `alias@10.0.0.5:6379`. */
function names(message: string, name: string): boolean {
  const words = message.split(/[\s"]+/).map((word) => word.replace(/[:,]$/, ""));
  return message.includes(name) ||
    words.some((word) => /[:/]/.test(word) && word.length > 1 && name.includes(word));
}
