/**
 * What can go wrong, in six kinds. A kind says who deals with it: the command line (`config`), the
 * scheduler (`no-data`, `bad-data`, `timeout`), or a handler's worker (`undelivered`, `refused`, `timeout`).
 * Messages say what was attempted, quote the input and end without a full stop.
 */

import { systemWords } from "./system_errors.ts";
import { oneLine } from "./visible.ts";

export type FailureCode =
  | "config"
  | "no-data"
  | "bad-data"
  | "undelivered"
  | "refused"
  | "timeout";

/** Points that a backend refused of a batch: themselves, or only their number. */
export type Rejected = readonly unknown[] | number;

export class Failure extends Error {
  readonly code: FailureCode;
  /** Of `undelivered`: seconds that the backend asks to be left alone for. */
  retryAfter?: number;
  /**
   * For `refused`: the points at fault, or their number, if the backend reports it. The backend accepted the
   * others.
   */
  points?: Rejected;

  /** The status of an HTTP answer that is not a good one. */
  status?: number;
  /** Of a collector that asks several servers: those that failed, and why. The others have published. */
  parts?: readonly { readonly name: string; readonly message: string }[];

  /** Where several things are wrong: a line for each. */
  lines?: readonly string[];

  constructor(code: FailureCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "Failure";
    this.code = code;
  }
}

/** The configuration asks for something that cannot be: the agent does not start, exit status 2. */
export function configError(message: string, cause?: unknown): Failure {
  return new Failure("config", message, cause);
}

/** The same for several things that are wrong. */
export function configErrors(lines: readonly string[]): Failure {
  return Object.assign(configError(lines.join("\n")), { lines });
}

/** The source is not there on this host (no such file, no such daemon). Logged as debug. */
export function noData(message: string, cause?: unknown): Failure {
  return new Failure("no-data", message, cause);
}

/** The source is there and says something that cannot be read. Logged, throttled. */
export function badData(message: string, cause?: unknown): Failure {
  return new Failure("bad-data", message, cause);
}

/** A backend did not take a batch. The worker keeps the batch and tries again. */
export function undelivered(message: string, cause?: unknown): Failure {
  return new Failure("undelivered", message, cause);
}

/**
 * A backend says of a batch that it will never take it: it is malformed, or too large. The worker
 * looks for the points that are at fault. Not for wrong passwords and the like, which people mend.
 */
export function refused(message: string, cause?: unknown): Failure {
  return new Failure("refused", message, cause);
}

/** A deadline passed. */
export function timedOut(message: string, cause?: unknown): Failure {
  return new Failure("timeout", message, cause);
}

/** The code of any thrown value; foreign errors have none. */
export function codeOf(error: unknown): FailureCode | undefined {
  return error instanceof Failure ? error.code : undefined;
}

/** Whether a source is just not there: it says so itself, or nothing listens where it should. */
export function isNoData(error: unknown): boolean {
  const code = codeOf(error);
  return code === "no-data" || (code !== "config" && NOBODY_LISTENS.test(messageOf(error)));
}

/** On a port, or at a socket that is not even there. */
const NOBODY_LISTENS = /ECONNREFUSED|connection refused|no such socket/i;

/** The message of any thrown value in one line, with its cause where that says more. */
export function messageOf(error: unknown): string {
  return oneLine(wordsOf(error));
}

/** What is to be shown of a thrown value: one line for each thing that is wrong. */
export function linesOf(error: unknown): string[] {
  const { lines } = error instanceof Failure ? error : {};
  return lines?.map(oneLine) ?? [messageOf(error)];
}

function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return textOf(error);
  const message = systemWords(error) ?? error.message;
  const cause = error.cause === undefined ? "" : messageOf(error.cause);
  return cause === "" || message.includes(cause) ? message : `${message}: ${cause}`;
}

/** A plugin may throw anything, such as an object without a prototype. */
function textOf(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return `a value of type ${typeof thrown}`;
  }
}
