/** Runs what may wait until the signal, and turns the errors of databases' libraries into ours. */

import { badData, codeOf, messageOf, timedOut, undelivered } from "../../core/errors.ts";
import type { SqlRow } from "../../ports/sql.ts";
import { abortable } from "../net/abortable.ts";

/** Throws failures only. What the work holds is let go by the same signal: see `openSocket`. */
export async function within<T>(
  work: () => Promise<T>,
  where: string,
  signal: AbortSignal,
): Promise<T> {
  try {
    return await abortable(work(), signal, () => timedOut(`${where} did not answer in time`));
  } catch (error) {
    throw failureOf(error, where);
  }
}

/** A server that answers with an error has a five-character state; anything else is the connection. */
function failureOf(error: unknown, where: string): unknown {
  if (codeOf(error) !== undefined) return error;
  const { code, sqlState } = error as { code?: string; sqlState?: string };
  const isAnswer = sqlState !== undefined || /^[0-9A-Z]{5}$/.test(code ?? "");
  return isAnswer
    ? badData(`${where} says: ${messageOf(error)}`, error)
    : undelivered(`cannot ask ${where}`, error);
}

export function textRow(row: Readonly<Record<string, unknown>>): SqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value === null || value === undefined ? null : String(value),
    ]),
  );
}
